"""Commands on jobs, as the session sends them: what they change, and each refusal in FLARE's words."""

import pytest

from api.dialects.flare.routes import jobs
from tests.api.dialects.flare.conftest import Console

SITES = {"app": ["server", "9999", "10000"]}


async def test_a_status_follows_the_core(console):
    job = await console.submit(deploy_map=SITES)
    knocks = console.gateway.dispatch()
    assert (await console.meta("get_job_meta", job))["job_meta"]["status"] == "DISPATCHED"
    claims = {party: [{"task": knock.task, "seq": knock.seq} for knock in found] for party, found in knocks.items()}
    await console.gateway.sync("9999", claims=claims["9999"])
    meta = (await console.meta("get_job_meta", job))["job_meta"]
    assert (meta["status"], meta["schedule_count"]) == ("RUNNING", 1)
    assert meta["job_deploy_detail"] == ["server: OK", "9999: OK", "10000: OK"]
    assert (await console.meta("abort_job", job))["info"] == "Abort signal has been sent to the server app."


async def test_an_aborted_job_is_finished_and_aborting_it_again_is_harmless(console):
    job = await console.submit()
    assert (await console.meta("abort_job", job))["info"] == f"Aborted the job {job} before running it."
    assert (await console.meta("get_job_meta", job))["job_meta"]["status"] == "FINISHED:ABORTED"
    assert (await console.meta("abort_job", job))["info"] == f"Job for {job} is already completed."


async def test_only_an_ended_job_is_deleted(console):
    job = await console.submit()
    assert (await console.meta("delete_job", job))["status"] == "job_running"
    await console.meta("abort_job", job)
    assert (await console.meta("delete_job", job))["status"] == "ok"
    assert await console.meta("get_job_meta", job) == {"status": "invalid_job_id", "info": job}


@pytest.mark.parametrize(
    ("token", "name", "status"),
    [
        ("member", "abort_job", "not_authorized"),
        ("other_lead", "abort_job", "not_authorized"),
        ("other_lead", "clone_job", "not_authorized"),
        ("other_lead", "delete_job", "not_authorized"),
        ("org_admin", "abort_job", "ok"),
        ("org_admin", "clone_job", "not_authorized"),
        ("stranger", "get_job_meta", "invalid_job_id"),
        ("member", "get_job_meta", "ok"),
        ("nonsense", "get_job_meta", "not_authenticated"),
    ],
)
async def test_roles(console, token, name, status):
    job = await console.submit()
    assert (await Console(console.gateway, token).meta(name, job))["status"] == status


@pytest.mark.parametrize("name", ["get_job_meta", "abort_job", "clone_job", "delete_job"])
async def test_an_unknown_job_is_named_and_a_missing_id_explained(console, name):
    assert await console.meta(name, "nope") == {"status": "invalid_job_id", "info": "nope"}
    assert (await console.send(name, "nope"))["data"] == [{"type": "error", "data": "no such job: nope"}]
    assert (await console.meta(name))["info"] == f"usage: {name} job_id"


async def test_aborting_a_job_that_ends_meanwhile_is_harmless(console, monkeypatch):
    job = await console.submit()
    check_job = jobs.check_job

    async def end_meanwhile(call, *given):
        found = await check_job(call, *given)
        await console.gateway.post(f"/jobs/{job}/stop", {}, token="admin")
        return found

    monkeypatch.setattr(jobs, "check_job", end_meanwhile)
    assert (await console.meta("abort_job", job))["info"] == f"Job for {job} is already completed."


async def test_the_submitter_of_a_copy_made_elsewhere_is_whoever_made_it(console):
    job = await console.submit()
    copy = (await console.gateway.post(f"/jobs/{job}/clone", token="admin")).json["id"]
    meta = (await console.meta("get_job_meta", copy))["job_meta"]
    assert (meta["submitter_name"], meta["submitter_org"], meta["submitter_role"]) == ("admin", "hq", "")
    meta = (await console.meta("get_job_meta", job))["job_meta"]
    assert (meta["submitter_name"], meta["submitter_org"], meta["submitter_role"]) == ("lead", "hq", "lead")
