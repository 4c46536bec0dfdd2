"""The drop-in session against the real gateway: return values and exceptions are FLARE's."""

import asyncio
import json
import time
from dataclasses import replace

import pytest

from fedrota import flare
from tests.api.dialects.flare.requests.jobs import APP, META


@pytest.fixture
def kit(console, tmp_path):
    root = tmp_path / "lead@hq"
    (root / "startup").mkdir(parents=True)
    gateway = {"url": str(console.gateway.server.make_url("")).rstrip("/"), "token": console.gateway.tokens["lead"]}
    (root / "startup" / "fed_admin.json").write_text(json.dumps({"admin": {"gateway": gateway}}))
    return root


@pytest.fixture
def folder(kit):
    made = kit / "transfer" / "hello"
    for path, text in {"meta.json": json.dumps(META), **APP}.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text)
    return made


@pytest.fixture
async def session(kit):
    made = await asyncio.to_thread(flare.new_secure_session, "lead@hq", str(kit))
    yield made
    made.close()


def in_thread(test):
    """A session blocks, and the gateway runs in the test's own loop."""

    async def run(session, folder):
        await asyncio.to_thread(test, session, folder)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


@in_thread
def test_a_job_is_submitted_read_listed_and_aborted(session, folder):
    job = session.submit_job(str(folder))
    meta = session.get_job_meta(job)
    assert (meta["job_folder_name"], meta["status"]) == ("hello", "SUBMITTED")
    assert [row["job_id"] for row in session.list_jobs()] == [job]
    assert session.list_jobs(detailed=True, limit=1, name_prefix="he", reverse=True)[0]["job_id"] == job
    assert session.abort_job(job) == f"Aborted the job {job} before running it."
    assert session.get_job_status(job) == "FINISHED:ABORTED"
    assert session.delete_job(job) == {"job_id": job, "submit_records_marked_deleted": 0}
    with pytest.raises(flare.JobNotFound, match="no such job"):
        session.get_job_meta(job)


@in_thread
def test_a_folder_is_looked_for_in_the_upload_folder(session, folder):
    job = session.submit_job("hello")
    assert session.get_job_meta(session.clone_job(job))["cloned_from"] == job


@in_thread
def test_what_is_no_job_folder_is_refused_before_anything_is_sent(session, folder):
    for given, words in [
        (None, "is required"),
        ("", "is required"),
        (7, "must be str"),
        ("nope", "is not a valid folder"),
    ]:
        with pytest.raises(flare.InvalidJobDefinition, match=words):
            session.submit_job(given)
    (folder / "meta.json").write_text("{}")
    with pytest.raises(flare.InvalidJobDefinition, match="invalid job definition: deploy_map is empty for job hello"):
        session.submit_job(str(folder))


@in_thread
def test_a_submit_token_is_idempotent(session, folder):
    job = session.submit_job(str(folder), submit_token="t1")
    (folder / "meta.json").write_text(json.dumps({**META, "name": "other"}))
    with pytest.raises(flare.SubmitTokenConflict) as caught:
        session.submit_job(str(folder), submit_token="t1")
    assert caught.value.existing_job_id == job
    assert [row["job_id"] for row in session.list_jobs(submit_token="t1")] == [job]
    assert session.list_jobs(submit_token="t2") == []
    session.abort_job(job)
    assert session.delete_job(job) == {"job_id": job, "submit_records_marked_deleted": 1}
    with pytest.raises(flare.SubmitTokenJobDeleted) as deleted:
        session.submit_job(str(folder), submit_token="t1")
    assert (deleted.value.job_id, deleted.value.state) == (job, "job_deleted")
    with pytest.raises(flare.SubmitTokenJobDeleted) as deleted:
        session.list_jobs(submit_token="t1")
    assert (deleted.value.job_id, deleted.value.state) == (job, "job_deleted")
    for wrong in ("", "a b", 7):
        with pytest.raises(flare.InvalidArgumentError, match="submit_token must be"):
            session.submit_job(str(folder), submit_token=wrong)


@in_thread
def test_a_folder_s_name_must_be_one_that_commands_can_carry(session, folder):
    with pytest.raises(flare.InvalidJobDefinition, match="job folder name 'my job' contains unsupported"):
        session.submit_job(str(folder.rename(folder.with_name("my job"))))


@in_thread
def test_old_names_of_arguments_count_where_the_new_ones_are_not_given(session, folder):
    job = session.submit_job(str(folder))
    assert [row["job_id"] for row in session.list_jobs(job_name_prefix="he", all=True)] == [job]
    assert session.list_jobs(name_prefix="x", name="he") == []
    with pytest.raises(TypeError, match="unexpected keyword"):
        session.list_jobs(nonsense=1)


@in_thread
def test_a_line_of_the_console_does_what_the_methods_do(session, folder):
    job = session.do_command("submit_job hello")["meta"]["job_id"]
    assert session.do_command(f"get_job_meta {job}")["meta"]["job_meta"].keys() == session.get_job_meta(job).keys()
    listed = session.do_command("job.list_jobs -d -n he")
    assert (listed["status"], [row["job_id"] for row in listed["meta"]["jobs"]]) == ("SUCCESS", [job])
    refused = session.do_command("download_job " + job)
    assert (refused["meta"]["status"], refused["meta"]["info"]) == ("job_running", job)
    session.do_command("abort_job " + job)
    place = session.do_command(f"download_job {job} mine")["meta"]["location"]
    assert (folder.parent / "mine").samefile(place)
    assert session.do_command("nothing")["status"] == "ERROR_SYNTAX"
    session.close()
    assert session.do_command("list_jobs")["status"] == "ERROR_INACTIVE_SESSION"


async def test_a_session_works_in_its_study(console, kit, folder):
    admin = replace(console, token="admin")
    await admin.meta("register_study", "heart", "--site-org", "hq:9999")
    with pytest.raises(flare.AuthenticationError, match="is not mapped") as refused:
        await asyncio.to_thread(flare.new_secure_session, "lead@hq", str(kit), study="heart")
    assert refused.value.auth_code == "AUTH_STUDY_USER_NOT_MAPPED"
    await admin.meta("add_study_user", "heart", "lead")
    (folder / "meta.json").write_text(json.dumps({**META, "min_clients": 1}))

    def work():
        with flare.new_session("lead@hq", str(kit), study="heart") as session:
            job = session.submit_job(str(folder))
            assert session.get_job_meta(job)["study"] == "heart"
            assert [row["study"] for row in session.list_jobs()] == ["heart"]
            assert session.do_command("list_jobs")["meta"]["jobs"][0]["job_id"] == job
        with flare.new_session("lead@hq", str(kit)) as outside:
            assert outside.list_jobs() == []
            with pytest.raises(flare.AuthorizationError):
                outside.show_study("heart")

    await asyncio.to_thread(work)


@in_thread
def test_monitor_ends_with_the_callback_with_the_time_and_with_the_job(session, folder):
    job = session.submit_job(str(folder))
    seen = []

    def stop_soon(given, id_, meta, word, *, extra):
        seen.append((given is session, id_, meta["status"], word, extra))
        return len(seen) < 2

    assert session.monitor_job(job, 0, 0.05, stop_soon, "w", extra=1) is flare.MonitorReturnCode.ENDED_BY_CB
    assert seen == [(True, job, "SUBMITTED", "w", 1)] * 2
    assert session.monitor_job(job, timeout=0.1, poll_interval=0.05) is flare.MonitorReturnCode.TIMEOUT
    with pytest.raises(flare.JobTimeout, match="did not finish within 0.1s"):
        session.wait_for_job(job, 0.1, 0.05)
    session.abort_job(job)
    assert session.monitor_job(job) is flare.MonitorReturnCode.JOB_FINISHED
    assert session.wait_for_job(job)["status"] == "FINISHED:ABORTED"


async def test_monitor_returns_when_the_job_ends_not_when_the_interval_does(session, folder, console):
    job = await asyncio.to_thread(session.submit_job, str(folder))
    waiting = asyncio.create_task(asyncio.to_thread(session.monitor_job, job, 0, 100.0))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await console.meta("abort_job", job)
    assert await waiting is flare.MonitorReturnCode.JOB_FINISHED
    assert time.monotonic() - began < 50


@in_thread
def test_wrong_arguments_raise_what_flare_raises(session, folder):
    for given in (None, 7):
        with pytest.raises(flare.JobNotFound, match="invalid job_id"):
            session.get_job_meta(given)
    with pytest.raises(flare.JobNotFound, match="job_id is required"):
        session.abort_job("")
    with pytest.raises(ValueError, match="limit must be None or int but got <class 'str'>"):
        session.list_jobs(limit="1")
    with pytest.raises(TypeError, match="unexpected keyword"):
        session.list_jobs(nonsense=1)
    assert session.list_jobs(all=True, max_num=1, job_name_prefix="x") == []
    for timeout, interval in ((-1, 1), (0, 0)):
        with pytest.raises(flare.InvalidArgumentError):
            session.monitor_job("1", timeout, interval)
    with pytest.raises(TypeError):
        session.set_timeout("1")
    with pytest.raises(ValueError, match="invalid timeout value -1.0 - must be > 0.0"):
        session.set_timeout(-1)


@in_thread
def test_a_closed_session_takes_no_commands(session, folder):
    session.set_timeout(5)
    session.close()
    session.close()
    for call in (session.list_jobs, lambda: session.submit_job("hello"), session.unset_timeout):
        with pytest.raises(flare.SessionClosed, match="session closed"):
            call()


async def test_roles_and_tokens_are_refused_as_flare_does(kit, folder, console, monkeypatch):
    job = await console.submit()
    monkeypatch.setenv("FEDROTA_TOKEN", console.gateway.tokens["member"])
    member = await asyncio.to_thread(flare.new_insecure_session, str(kit))
    with pytest.raises(flare.AuthorizationError, match=f"the action 'abort_job {job}: user 'member' is not"):
        await asyncio.to_thread(member.abort_job, job)
    monkeypatch.setenv("FEDROTA_TOKEN", "frt_nonsense_x")
    with pytest.raises(flare.AuthenticationError):
        await asyncio.to_thread(flare.new_insecure_session, str(kit))


async def test_without_a_gateway_there_is_no_connection(kit):
    admin = {"admin": {"gateway": {"url": "http://127.0.0.1:1"}}}
    (kit / "startup" / "fed_admin.json").write_text(json.dumps(admin))
    with pytest.raises(flare.NoConnection, match="cannot connect to server for 1 seconds"):
        await asyncio.to_thread(flare.new_secure_session, "u", str(kit), timeout=1)
    assert issubclass(flare.NoConnection, ConnectionError)


@in_thread
def test_the_system_and_its_sites_are_described(session, folder):
    info = session.get_system_info()
    assert (info.server_info.status, info.job_info) == ("stopped", [])
    assert sorted(client.name for client in session.get_connected_client_list()) == ["10000", "9999"]
    assert session.get_client_job_status(["9999"]) == [{"client_name": "9999", "status": "no_jobs"}]
    assert [env["site_name"] for env in session.get_client_env("9999")] == ["9999"]
    assert set(session.report_resources("all")) == {"server", "9999", "10000"}
    assert session.report_version("client", ["9999"]) == {"9999": {"version": "0.1.0"}}
    assert session.check_status("server")["server_status"] == "stopped"
    assert session.get_available_apps_to_upload() == [folder.name]


@in_thread
def test_a_disabled_site_gets_no_work_until_it_is_enabled(session, folder):
    with pytest.raises(flare.AuthorizationError):
        session.disable_client("10000")


@in_thread
def test_wrong_targets_raise_what_flare_raises(session, folder):
    for call in (lambda: session.get_client_job_status(["nope"]), lambda: session.get_client_env(["nope"])):
        with pytest.raises(flare.InvalidTarget, match=r"invalid client\(s\): nope"):
            call()
    with pytest.raises(ValueError, match="invalid target_type x: must be one of"):
        session.report_version("x")
    with pytest.raises(ValueError, match="client_names must be str or list of str"):
        session.get_client_env(7)
    with pytest.raises(TypeError):
        session.get_client_job_status("9999")
