"""Jobs that a request waits for."""

import pytest
from aiohttp.test_utils import make_mocked_request

from api.keys import PRINCIPAL, READER
from api.models.waiting import UnfinishedJobError, run_to_end
from scheduler.domain.access import Principal, Role
from scheduler.domain.plan import Draft, StepDraft, make_submission
from scheduler.service.catalogue import load_catalogue


@pytest.fixture
async def plan(gateway, sites):
    request = make_mocked_request("POST", "/", app=gateway.app)
    request[PRINCIPAL] = Principal(name="me", kind="user", role=Role.PROJECT_ADMIN, org="hq", project="p1")
    catalogue = await gateway.app[READER].read(load_catalogue)

    def make(**given):
        step = StepDraft(name="s", run={"component": "noop"}, **given)
        draft = Draft(name="j", owner="me", project="p1", roles={"local": ("9999",)}, steps=(step,))
        return request, make_submission(draft, catalogue)

    return make


async def test_a_success_gives_the_jobs_id(gateway, plan):
    job = await run_to_end(*plan())
    assert (await gateway.get(f"/jobs/{job}")).json["state"] == "success"


async def test_a_failure_says_why(plan, sites):
    sites.fails = True
    with pytest.raises(UnfinishedJobError, match="ended as failed: .*told to"):
        await run_to_end(*plan())


async def test_a_job_that_takes_too_long_is_stopped(gateway, plan):
    await gateway.post("/parties/9999/drain")
    with pytest.raises(UnfinishedJobError, match="was not done within 0 s"):
        await run_to_end(*plan(), timeout_s=0.3)
    (job,) = (await gateway.get("/jobs")).json["items"]
    assert job["state"] == "canceled"
