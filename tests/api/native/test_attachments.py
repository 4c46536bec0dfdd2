"""Files that a job carries: uploaded first, named in the document, read again by those who may."""

import hashlib

import pytest

from tests.api.conftest import job_document

MIB = 1 << 20
FILE = bytes(range(256)) * 10_000  # more than two pieces


async def upload(gateway, body=FILE, **given):
    return await gateway.call(
        "POST", "/attachments", data=body, headers={"Content-Type": "application/octet-stream"}, **given
    )


@pytest.fixture
async def job(gateway):
    made = await upload(gateway)
    return await gateway.submit(attachments={"code.zip": made.json["id"]})


async def test_an_upload_says_what_was_stored(gateway):
    answer = await upload(gateway)
    assert answer.status == 201
    assert (answer.json["size"], answer.json["sha256"]) == (len(FILE), hashlib.sha256(FILE).hexdigest())


async def test_an_empty_file_is_refused(gateway):
    answer = await upload(gateway, b"")
    assert (answer.status, answer.problems) == (422, {"body": "is empty"})


@pytest.mark.parametrize("body", [b"x", b"y" * MIB, b"z" * (MIB + 1)])
async def test_a_job_gives_back_what_was_uploaded(gateway, body):
    job = await gateway.submit(attachments={"a.bin": (await upload(gateway, body)).json["id"]})
    assert (await gateway.get(f"/jobs/{job}/attachments/a.bin")).raw == body


async def test_a_jobs_attachments_are_listed_and_shared_by_its_clone(gateway, job):
    listed = (await gateway.get(f"/jobs/{job}/attachments")).json
    assert [(item["name"], item["size"]) for item in listed] == [("code.zip", len(FILE))]
    clone = (await gateway.post(f"/jobs/{job}/clone", {})).json["id"]
    assert (await gateway.get(f"/jobs/{clone}/attachments")).json == listed


async def test_what_was_not_uploaded_or_is_anothers_cannot_be_attached(gateway):
    foreign = (await upload(gateway, token="stranger")).json["id"]
    answer = await gateway.post("/jobs", job_document(attachments={"a": foreign, "b": "nope"}))
    assert answer.status == 422
    assert set(answer.problems) == {"attachments.a", "attachments.b"}
    answer = await gateway.post("/jobs", job_document(attachments={"../a": foreign}))
    assert answer.status == 422


async def test_a_file_that_is_too_large_leaves_nothing(serve):
    gateway = await serve(attachment_limit_bytes=MIB)
    answer = await upload(gateway, b"x" * (MIB + 1))
    assert answer.status == 413
    assert "FEDROTA_ATTACHMENT_LIMIT_BYTES" in answer.json["error"]["message"]
    with gateway.store.read() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM blob_piece").scalar() == 0


async def test_only_who_may_read_outputs_reads_the_files(gateway, job):
    assert (await gateway.get(f"/jobs/{job}/attachments/code.zip", token="other_lead")).status == 403
    assert (await gateway.get(f"/jobs/{job}/attachments/code.zip", token="stranger")).status == 404
    assert (await gateway.get(f"/jobs/{job}/attachments/nope")).status == 404
    assert (await upload(gateway, token="member")).status == 403
