"""Archives through the native interface: what goes out comes in again; damaged ones are refused."""

import asyncio

from tests.api.sites import MODEL_ID

PATH = f"/models/{MODEL_ID.replace('#', '%23')}"
ZIP = {"Content-Type": "application/zip"}


async def test_a_model_is_taken_out_deleted_and_taken_in(gateway, sites):
    job = await sites.train()
    await gateway.call("PUT", f"{PATH}/{job}/tags/good")
    answer = await gateway.get(f"{PATH}/{job}/archive")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=model-{job}.zip"
    refused = await gateway.call("POST", "/models", data=answer.raw, headers=ZIP)
    assert (refused.status, refused.json["error"]["message"]) == (409, f"model {MODEL_ID} {job} exists already")
    await gateway.call("DELETE", f"{PATH}/{job}")
    await gateway.call("DELETE", f"/jobs/{job}")
    taken = await gateway.call("POST", "/models", data=answer.raw, headers=ZIP)
    assert taken.status == 201, taken.raw
    assert (taken.json["imported"], taken.json["version"], taken.json["tags"]) == (True, job, [])
    contents = {part["party"]: sites.find_file(part).read_bytes() for part in taken.json["parts"]}
    assert contents == {"9999": b"lr_0 of 9999", "10000": b"lr_0 of 10000"}
    outputs = (await gateway.get(f"/jobs/{taken.json['job']}/outputs")).json["items"]
    assert {(each["step"], each["role"], each["name"]) for each in outputs} == {
        ("lr_0", "guest", "model"), ("lr_0", "host", "model"),
    }  # fmt: skip
    assert not list((sites.workdirs["9999"].root / "arrivals").iterdir())


async def test_replacing_needs_a_word(gateway, sites):
    job = await sites.train()
    archive = (await gateway.get(f"{PATH}/{job}/archive")).raw
    answer = await gateway.call("POST", "/models?replace=true", data=archive, headers=ZIP)
    assert answer.status == 201
    assert answer.json["job"] != job


async def test_no_archive_comes_without_every_part(gateway, sites):
    job = await sites.train()
    await sites.disconnect("10000")
    answer = await gateway.get(f"{PATH}/{job}/archive")
    assert (answer.status, answer.json["error"]["code"]) == (503, "unreachable")
    assert "10000" in answer.json["error"]["message"]


async def test_a_part_that_was_changed_at_its_party_is_not_sent(gateway, sites):
    job = await sites.train()
    part = (await gateway.get(f"{PATH}/{job}")).json["parts"][0]
    sites.find_file(part).write_bytes(b"changed")
    answer = await gateway.get(f"{PATH}/{job}/archive")
    assert (answer.status, "changed there since" in answer.json["error"]["message"]) == (503, True)


async def test_who_may_take_out_and_in(gateway, sites):
    job = await sites.train(token="lead")
    assert (await gateway.get(f"{PATH}/{job}/archive", token="member")).status == 403
    archive = await gateway.get(f"{PATH}/{job}/archive", token="lead")
    assert archive.status == 200
    assert (await gateway.call("POST", "/models", data=archive.raw, headers=ZIP, token="member")).status == 403
    assert (await gateway.call("POST", "/models", data=archive.raw, headers=ZIP, token="stranger")).status == 201


async def test_what_is_no_archive_is_refused(gateway, sites):
    answer = await gateway.call("POST", "/models", data=b"PK nonsense", headers=ZIP)
    assert (answer.status, "file" in answer.problems) == (422, True)


async def test_an_import_whose_job_fails_registers_nothing(gateway, sites):
    job = await sites.train()
    archive = (await gateway.get(f"{PATH}/{job}/archive")).raw
    await gateway.call("DELETE", f"{PATH}/{job}")
    sites.fails = True
    answer = await gateway.call("POST", "/models", data=archive, headers=ZIP)
    assert (answer.status, "told to" in answer.json["error"]["message"]) == (409, True), answer.raw
    assert (await gateway.get("/models")).json["items"] == []
    await asyncio.sleep(0)
