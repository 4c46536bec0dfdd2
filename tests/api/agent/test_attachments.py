"""The files of a job, for the workers of the parties that have a task in it."""

import pytest

from tests.api.native.test_attachments import FILE, upload


@pytest.fixture
async def task(gateway):
    blob = (await upload(gateway)).json["id"]
    job = await gateway.submit(attachments={"code.zip": blob}, parties={"guest": ["9999"]})
    return (await gateway.get(f"/jobs/{job}")).json["steps"][0]["tasks"][0]["id"]


async def test_the_party_that_has_the_task_gets_the_file(gateway, task):
    answer = await gateway.get(f"/agent/attachments/{task}/code.zip", token="worker-9999")
    assert (answer.status, answer.raw) == (200, FILE)


@pytest.mark.parametrize(("token", "status"), [("worker-10000", 404), ("admin", 403), (None, 401)])
async def test_nobody_else_does(gateway, task, token, status):
    assert (await gateway.get(f"/agent/attachments/{task}/code.zip", token=token)).status == status


async def test_a_file_that_the_job_does_not_carry_is_not_there(gateway, task):
    answer = await gateway.get(f"/agent/attachments/{task}/other.zip", token="worker-9999")
    assert answer.status == 404
