import pytest

from api.agent.channel import CHANNEL_HUB
from api.dialects.fate.routes import job_access
from scheduler.store.queries.tracking import list_summaries
from tests.api.dialects.fate.routes.job_forms import make_chain, make_toy


@pytest.fixture
async def offered(gateway, fate, offers):
    """Both parties offer all built-in components."""
    for party in ("9999", "10000"):
        await gateway.hello(party, components=offers)
    return fate


async def submit(fate, form):
    found = await fate.send("job/submit", form)
    assert found["retcode"] == 0, found
    return found["jobId"]


async def status(fate, job):
    rows = await fate.ok("job/query", {"job_id": job})
    (found,) = {row["f_status"] for row in rows}
    return found


async def test_a_submission_answers_with_the_ids_and_the_paths_of_all_ages(offered):
    found = await offered.send("job/submit", make_toy(work_mode=1))
    job = found["jobId"]
    assert len(job) <= 25
    assert job[:8].isdigit()
    assert found["retmsg"] == "[WARN]work_mode is removed,it does not take effect!"
    data = found["data"]
    assert data["job_id"] == job
    assert data["model_info"] == {"model_id": "guest-9999#host-10000#model", "model_version": job}
    for name in (
        "dsl_path",
        "job_dsl_path",
        "runtime_conf_path",
        "job_runtime_conf_path",
        "logs_directory",
        "board_url",
    ):
        assert job in data[name]


async def test_a_refusal_has_an_id_that_leads_nowhere_and_one_line(offered):
    form = make_toy()
    form["job_runtime_conf"]["component_parameters"]["common"]["toy_0"]["data_nom"] = 1
    found = await offered.send("job/submit", form)
    assert (found["retcode"], offered.status) == (103, 200)
    assert "data" not in found
    assert "Component toy_0 at guest 0: parameter data_nom" in found["retmsg"]
    assert await offered.ok("job/query", {"job_id": found["jobId"]}) == []


async def test_what_the_component_refuses_is_named_by_the_dsls_name(offered):
    form = make_toy()
    form["job_runtime_conf"]["component_parameters"]["common"]["toy_0"]["data_num"] = 0
    retcode, said = await offered.refused("job/submit", form)
    assert retcode == 103
    assert said.startswith("create job failed: component toy_0 params.length: 0 is less than the minimum of 1")


async def test_nothing_is_refused_too(offered):
    assert await offered.refused("job/submit") == (103, "no parameters: send the runtime conf as job_runtime_conf")


async def test_a_waiting_job_is_stopped_and_stopping_again_changes_nothing(offered):
    job = await submit(offered, make_toy())
    assert await status(offered, job) == "waiting"
    for _ in range(2):
        assert (await offered.send("job/stop", {"job_id": job, "function": "stop_job"}))["retcode"] == 0
        assert await status(offered, job) == "canceled"
    assert (await offered.refused("job/stop", {"job_id": "nope"}))[0] == 102
    assert (await offered.refused("job/stop", {}))[0] == 101


async def test_a_failed_component_runs_again_as_a_new_version_and_the_others_stay(offered, gateway):
    job = await submit(offered, make_chain())
    await gateway.run_tasks()
    await gateway.run_tasks("failed", kind="error", message="broken")
    assert await status(offered, job) == "failed"
    assert (await offered.send("job/rerun", {"job_id": job}))["retcode"] == 0
    assert await status(offered, job) in {"waiting", "running"}
    rows = await offered.ok("job/task/query", {"job_id": job, "role": "guest"})
    assert {row["f_component_name"]: row["f_task_version"] for row in rows} == {"reader_0": 0, "dt_0": 1, "cross_0": 1}


async def test_a_named_component_runs_again_with_what_depends_on_it_or_all_by_force(offered, gateway):
    job = await submit(offered, make_chain())
    for _ in range(3):
        await gateway.run_tasks()
    assert await status(offered, job) == "success"
    assert (await offered.send("job/rerun", {"job_id": job}))["retmsg"] == "rerun job success"
    assert await status(offered, job) == "success"
    await offered.send("job/rerun", {"job_id": job, "component_name": ["cross_0"]})
    assert await versions(offered, job) == {"reader_0": 0, "dt_0": 0, "cross_0": 1}
    retcode, said = await offered.refused("job/rerun", {"job_id": job})
    assert (retcode, "stop it first" in said) == (103, True)
    await gateway.run_tasks()
    await offered.send("job/rerun", {"job_id": job, "force": True})
    assert await versions(offered, job) == {"reader_0": 1, "dt_0": 1, "cross_0": 2}
    await offered.send("job/stop", {"job_id": job})
    assert (await offered.refused("job/rerun", {"job_id": job, "component_name": "nope"}))[0] == 103
    assert (await offered.refused("job/rerun", {"job_id": "nope"}))[0] == 102


async def versions(fate, job):
    rows = await fate.ok("job/task/query", {"job_id": job, "role": "guest"})
    return {row["f_component_name"]: row["f_task_version"] for row in rows}


async def test_a_note_becomes_the_description(offered):
    job = await submit(offered, make_toy())
    await offered.ok("job/update", {"job_id": job, "role": "guest", "party_id": 9999, "notes": "the first"})
    assert {row["f_description"] for row in await offered.ok("job/query", {"job_id": job})} == {"the first"}
    assert (await offered.refused("job/update", {"job_id": "nope", "notes": "x"}))[0] == 101
    assert (await offered.refused("job/update", {"job_id": job, "notes": "x" * 10_001}))[0] == 101


async def test_changed_parameters_are_those_of_the_next_run(offered, gateway):
    job = await submit(offered, make_toy())
    change = {"job_id": job, "component_parameters": {"common": {"toy_0": {"data_num": 7}}}}
    retcode, said = await offered.refused("job/parameter/update", change)
    assert (retcode, "stop it first" in said) == (103, True)
    await gateway.run_tasks()
    found = await offered.ok("job/parameter/update", change)
    assert found["components"] == ["toy_0"]
    assert found["component_parameters"]["common"] == {"toy_0": {"data_num": 7}}
    for nothing in (None, {"0": None}, {"toy_0": 5}):
        role = {"role": {"guest": nothing}}
        assert (await offered.ok("job/parameter/update", {"job_id": job, "component_parameters": role}))[
            "components"
        ] == []
    await offered.send("job/rerun", {"job_id": job, "component_name": "toy_0"})
    claims = [{"task": knock.task, "seq": knock.seq} for knock in gateway.dispatch()["9999"]]
    (reply,) = (await gateway.sync("9999", claims=claims))["claims"]
    assert reply["assignment"]["params"] == {"length": 7}
    wrong = {"job_id": job, "component_parameters": {"common": {"toy_0": {"nope": 7}}}}
    assert (await offered.refused("job/parameter/update", wrong))[0] == 103
    assert (await offered.refused("job/parameter/update", {**change, "job_id": "nope"}))[0] == 102


async def test_what_a_job_left_is_forgotten_once_it_has_ended(offered, gateway):
    job = await submit(offered, make_toy())
    assert (await offered.refused("job/clean", {"job_id": job}))[0] == 103
    await gateway.run_tasks(summary={"sum": 1})
    assert (await offered.refused("job/clean", {"job_id": job, "role": "arbiter"})) == (100, "no found task")
    await offered.ok("job/clean", {"job_id": job, "function": "clean_job"})
    with gateway.store.read() as tx:
        assert list_summaries(tx, job) == []
    assert await status(offered, job) == "success"


async def test_the_files_of_a_cleaned_job_are_deleted_and_its_models_stay(site, trained):
    def list_files():
        return sorted(path.name for path in (site.workdir.root / "outputs").glob("*/*/*"))

    assert list_files() == ["data", "data", "model"]
    told = await site.post("/job/clean", {"job_id": trained, "component_name": "reader_0"})
    assert (told["retcode"], told["retmsg"], list_files()) == (0, "success", ["data", "model"])
    await site.post("/job/clean", {"job_id": trained})
    assert list_files() == ["model"]


async def test_files_that_stay_are_told(site, trained):
    hub = site.gateway.app[CHANNEL_HUB]
    hub._connections["9999"].end()
    told = await site.post("/job/clean", {"job_id": trained})
    assert (told["retcode"], list(told["data"]["kept"])) == (0, ["9999"])
    assert told["retmsg"].startswith("success; the files at party 9999 stay: party 9999 is not connected")


async def test_all_waiting_jobs_of_the_caller_are_stopped(offered, gateway):
    running = await submit(offered, make_toy())
    claims = [{"task": knock.task, "seq": knock.seq} for knock in gateway.dispatch()["9999"]]
    await gateway.sync("9999", claims=claims)
    waiting = await submit(offered, make_toy())
    assert await offered.ok("job/clean/queue") == {waiting: 0}
    assert await status(offered, waiting) == "canceled"
    assert await status(offered, running) == "running"


async def test_a_long_queue_is_cleaned_to_its_end(offered, monkeypatch):
    monkeypatch.setattr(job_access, "MOST_JOBS", 2)
    waiting = [await submit(offered, make_toy()) for _ in range(5)]
    assert await offered.ok("job/clean/queue") == dict.fromkeys(waiting, 0)
    assert {await status(offered, job) for job in waiting} == {"canceled"}


async def test_who_may_not_submit_may_not(fate, gateway):
    headers = {"Authorization": f"Bearer {gateway.tokens['worker-9999']}"}
    assert (await fate.send("job/submit", make_toy(), headers=headers))["retcode"] == 108


async def test_a_job_is_running_until_its_retries_are_spent(offered, gateway):
    job = await submit(offered, make_toy(auto_retries=1, auto_retry_delay=0))
    await gateway.run_tasks("failed", kind="error", message="broken")
    assert await status(offered, job) == "running"
    rows = await offered.ok("job/task/query", {"job_id": job})
    assert {(row["f_task_version"], row["f_status"], row["f_party_status"]) for row in rows} == {
        (1, "running", "waiting")
    }
    await gateway.run_tasks("failed", kind="error", message="broken again")
    assert await status(offered, job) == "failed"
    rows = await offered.ok("job/task/query", {"job_id": job})
    assert {(row["f_task_version"], row["f_error_report"]) for row in rows} == {(1, "broken again")}
