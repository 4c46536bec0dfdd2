"""Jobs come in: folders and copies."""

import json

import pytest

from tests.api.dialects.flare.conftest import Console
from tests.api.dialects.flare.requests.jobs import APP, pack_job

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


async def test_a_clone_says_whose_copy_it_is(console):
    job = await console.submit()
    clone = (await console.meta("clone_job", job))["job_id"]
    assert clone != job
    meta = (await console.meta("get_job_meta", clone))["job_meta"]
    assert (meta["cloned_from"], meta["name"]) == (job, "hello")


async def test_a_clone_is_submitted_by_whoever_clones(console):
    job = await console.submit()
    admin = Console(console.gateway, "admin")
    clone = (await admin.meta("clone_job", job))["job_id"]
    meta = (await console.meta("get_job_meta", clone))["job_meta"]
    assert (meta["submitter_name"], meta["submitter_role"]) == ("admin", "project_admin")
    assert [row["job_id"] for row in (await admin.meta("list_jobs", "-u"))["jobs"]] == [clone]


async def test_a_submit_token_makes_a_submit_repeatable(console):
    raw, words = pack_job(), ("submit_job", "job", "--submit-token", "t")
    first = await console.meta(*words, upload=raw)
    again = await console.meta(*words, upload=raw)
    other = await console.meta(*words, upload=pack_job(name="other"))
    assert first["job_id"] == again["job_id"]
    assert (other["status"], other["job_id"]) == ("submit_token_conflict", first["job_id"])
    plain = await console.submit()
    for words, known in (((), {plain, first["job_id"]}), (("--submit-token", "t"), {first["job_id"]}),
                        (("--submit-token", "u"), set())):  # fmt: skip
        assert {row["job_id"] for row in (await console.meta("list_jobs", *words))["jobs"]} == known


async def test_signatures_that_clients_make_anew_do_not_make_other_files(console):
    words = ("submit_job", "job", "--submit-token", "t")
    for signature in ("one", "another"):
        raw = pack_job(files={**APP, ".__nvfl_sig.json": signature})
        found = await console.meta(*words, upload=raw)
        assert found["status"] == "ok", found


async def test_a_submit_token_of_a_deleted_job_makes_no_new_one(console):
    words = ("submit_job", "job", "--submit-token", "t")
    job = (await console.meta(*words, upload=pack_job()))["job_id"]
    await console.meta("abort_job", job)
    assert (await console.meta("delete_job", job))["submit_records_marked_deleted"] == 1
    for raw in (pack_job(), pack_job(name="other")):
        found = await console.meta(*words, upload=raw)
        assert (found["status"], found["job_id"]) == ("submit_token_job_deleted", job)
        assert found["submit_record_state"] == "job_deleted"


@pytest.mark.parametrize("token", ["", "a b", "x" * 129, "\u00e4"])
async def test_what_is_no_submit_token_is_refused(console, token):
    for words in (("submit_job", "job", "--submit-token", token), ("list_jobs", "--submit-token", token)):
        found = await console.meta(*words, upload=pack_job() if words[0] == "submit_job" else None)
        assert (found["status"], "must be non-empty, at most 128" in found["info"]) == ("syntax_error", True)


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
    ("token", "status"), [("admin", "ok"), ("org_admin", "not_authorized"), ("member", "not_authorized")]
)
async def test_who_may_submit(console, token, status):
    found = await Console(console.gateway, token).meta("submit_job", "job", upload=pack_job())
    assert found["status"] == status


async def test_an_app_of_ours_becomes_steps_of_ours(console):
    steps = {"steps": [{"name": "read", "command": ["cat", "x"], "roles": ["client"]}]}
    files = {"app/config/config_fedrota.json": json.dumps(steps)}
    answer = await console.meta("submit_job", "job", upload=pack_job(files=files))
    assert answer["status"] == "ok", answer
    found = (await console.gateway.get(f"/jobs/{answer['job_id']}")).json
    assert [(step["name"], step["run"]) for step in found["steps"]] == [("read", {"command": ["cat", "x"]})]
    assert found["parties"]["client"]


async def test_a_site_whose_worker_has_no_engine_for_flare_is_refused_at_once(console):
    await console.gateway.hello("9999", facts={"engines": []})
    named = pack_job(deploy_map={"app": ["server", "9999"]}, min_clients=1)
    found = await console.meta("submit_job", "job", upload=named)
    assert (found["status"], "'9999': the worker there has no engine" in found["info"]) == ("invalid_job_def", True)
    await console.gateway.hello("9999", facts={"engines": ["flare"]})
    assert (await console.meta("submit_job", "job", upload=named))["status"] == "ok"
