"""Commands on jobs, as the session sends them: what they change, and each refusal in FLARE's words."""

import json

import pytest

from api.dialects.flare.routes import jobs
from tests.api.dialects.flare.conftest import Console
from tests.api.dialects.flare.requests.jobs import pack_job

SITES = {"app": ["server", "9999", "10000"]}


async def test_a_submitted_job_is_one_step_at_server_and_sites(console):
    job = await console.submit("hello", deploy_map=SITES, custom_field=[1])
    core = (await console.gateway.get(f"/jobs/{job}")).json
    assert core["parties"] == {"server": ["server"], "client": ["9999", "10000"]}
    assert [step["name"] for step in core["steps"]] == ["run"]
    meta = (await console.meta("get_job_meta", job))["job_meta"]
    assert (meta["name"], meta["job_folder_name"], meta["submitter_name"]) == ("hello", "hello", "lead")
    assert (meta["status"], meta["start_time"], meta["duration"]) == ("SUBMITTED", "", "N/A")
    assert (meta["deploy_map"], meta["custom_field"], meta["job_id"]) == (SITES, [1], job)


async def test_a_job_for_all_goes_to_every_party_but_the_server(console):
    job = await console.submit()
    parties = (await console.gateway.get(f"/jobs/{job}")).json["parties"]
    assert parties["server"] == ["server"]
    assert sorted(parties["client"]) == ["10000", "9999"]


async def test_the_jobs_files_travel_with_it(console):
    raw = pack_job()
    job = (await console.meta("submit_job", "job", upload=raw))["job_id"]
    assert (await console.gateway.get(f"/jobs/{job}/attachments/job.zip")).raw == raw


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


async def test_lists_have_the_oldest_first_and_a_limit_keeps_the_newest(console):
    jobs = [await console.submit(folder=f"j{n}", name=name) for n, name in enumerate(("one", "two", "onto"))]

    async def ids(*words):
        return [row["job_id"] for row in (await console.meta("list_jobs", *words))["jobs"]]

    assert await ids() == jobs
    assert await ids("-r") == jobs[::-1]
    assert await ids("-m", "1") == jobs[2:]
    assert await ids("-n", "on") == [jobs[0], jobs[2]]
    assert await ids(jobs[1]) == [jobs[1]]
    detailed = (await console.meta("list_jobs", "-d"))["jobs"]
    assert detailed[0]["deploy_map"] == {"app": ["@ALL"]}


async def test_jobs_of_other_dialects_are_in_the_list_too(console):
    job = await console.gateway.submit(name="native")
    rows = (await console.meta("list_jobs"))["jobs"]
    assert [(row["job_id"], row["job_name"], row["status"]) for row in rows] == [(job, "native", "SUBMITTED")]
    assert (await console.meta("get_job_meta", job))["job_meta"]["submitter_name"] == "admin"


async def test_a_clone_says_whose_copy_it_is(console):
    job = await console.submit()
    clone = (await console.meta("clone_job", job))["job_id"]
    assert clone != job
    meta = (await console.meta("get_job_meta", clone))["job_meta"]
    assert (meta["cloned_from"], meta["name"]) == (job, "hello")


async def test_only_an_ended_job_is_deleted(console):
    job = await console.submit()
    assert (await console.meta("delete_job", job))["status"] == "job_running"
    await console.meta("abort_job", job)
    assert (await console.meta("delete_job", job))["status"] == "ok"
    assert await console.meta("get_job_meta", job) == {"status": "invalid_job_id", "info": job}


async def test_a_submit_token_makes_a_submit_repeatable(console):
    raw = pack_job()
    first = await console.meta("submit_job", "job", upload=raw, submit_token="t")
    again = await console.meta("submit_job", "job", upload=raw, submit_token="t")
    other = await console.meta("submit_job", "job", upload=pack_job(name="other"), submit_token="t")
    assert first["job_id"] == again["job_id"]
    assert (other["status"], other["existing_job_id"]) == ("error", first["job_id"])


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        (
            {"deploy_map": {"app": ["server", "9998"]}, "min_clients": 1},
            "site '9998', which is not known. Did you mean '9999'?",
        ),
        ({"min_clients": 5}, "min 5 clients required for job job, found 2."),
        ({"mandatory_clients": ["site-9"]}, "Mandatory clients {'site-9'} are not"),
        ({"deploy_map": {}}, "deploy_map is empty for job job"),
    ],
)
async def test_a_job_that_cannot_work_is_refused_and_leaves_nothing(console, meta, words):
    found = await console.meta("submit_job", "job", upload=pack_job(**meta))
    assert found["status"] == "invalid_job_def"
    assert words in found["info"]
    assert (await console.meta("list_jobs"))["jobs"] == []


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


@pytest.mark.parametrize(
    ("token", "status"), [("admin", "ok"), ("org_admin", "not_authorized"), ("member", "not_authorized")]
)
async def test_who_may_submit(console, token, status):
    found = await Console(console.gateway, token).meta("submit_job", "job", upload=pack_job())
    assert found["status"] == status


@pytest.mark.parametrize("name", ["get_job_meta", "abort_job", "clone_job", "delete_job"])
async def test_an_unknown_job_is_named_and_a_missing_id_explained(console, name):
    assert await console.meta(name, "nope") == {"status": "invalid_job_id", "info": "nope"}
    assert (await console.meta(name))["info"] == f"usage: {name} job_id"


async def test_wrong_options_are_refused(console):
    assert (await console.meta("list_jobs", "-x"))["status"] == "syntax_error"
    assert (await console.meta("list_jobs", "-m", "many"))["status"] == "syntax_error"


async def test_an_app_of_ours_becomes_steps_of_ours(console):
    steps = {"steps": [{"name": "read", "command": ["cat", "x"], "roles": ["client"]}]}
    files = {"app/config/config_fedrota.json": json.dumps(steps)}
    answer = await console.meta("submit_job", "job", upload=pack_job(files=files))
    assert answer["status"] == "ok", answer
    found = (await console.gateway.get(f"/jobs/{answer['job_id']}")).json
    assert [(step["name"], step["run"]) for step in found["steps"]] == [("read", {"command": ["cat", "x"]})]
    assert found["parties"]["client"]


async def test_aborting_a_job_that_ends_meanwhile_is_harmless(console, monkeypatch):
    job = await console.submit()
    check_job = jobs.check_job

    async def end_meanwhile(call, *given):
        found = await check_job(call, *given)
        await console.gateway.post(f"/jobs/{job}/stop", {}, token="admin")
        return found

    monkeypatch.setattr(jobs, "check_job", end_meanwhile)
    assert (await console.meta("abort_job", job))["info"] == f"Job for {job} is already completed."
