"""What each FLARE client was answered, call by call, through its own door."""

import pytest

from tests.contract.dialects.flare.running import BRIDGE, LABELS, LISTENER, OLDEST, OURS, SITES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


@pytest.fixture(params=LABELS)
def label(request):
    return request.param


@pytest.fixture
def calls(results, label):
    return results["clients"][label]["calls"]


@pytest.fixture
def long(results, label):
    return results["clients"][label]["long"]


@pytest.fixture
def trained(results, label):
    return results["clients"][label]["trained"]


def values(answers):
    return [answer.get("value", (answer.get("raised"), answer.get("says"))) for answer in answers]


def raised(answers):
    return [answer["raised"] for answer in answers if "raised" in answer]


def test_a_job_is_submitted_and_its_end_seen(calls, label):
    job, nowhere, bad, *keyed = values(calls["submit_job"])
    assert len(job) == 25
    assert nowhere[0] == bad[0] == "InvalidJobDefinition"
    assert "is not a valid folder" in nowhere[1]
    assert bad[1] == "invalid job definition: deploy_map is empty for job bad"
    if label in (*BRIDGE, OURS):
        first, again, other = keyed
        assert first == again != job
        assert other[0] == "SubmitTokenConflict"
    found, unknown = values(calls["get_job_meta"])
    assert (found["submitter_name"], found["submitter_role"]) == ("lead@hq.org", "project_admin")
    assert (found["job_id"], found["job_folder_name"]) == (job, "job")
    assert unknown == ("JobNotFound", "no such job: nope")


def test_monitoring_ends_for_its_three_reasons(calls):
    done, late, told, again, aborted = values(calls["monitor_job"])
    assert [done, late, told, again] == ["JOB_FINISHED", "TIMEOUT", "ENDED_BY_CB", "JOB_FINISHED"]
    assert aborted == ["JOB_FINISHED", "FINISHED:ABORTED"]


def test_lists(calls, long):
    everything, newest, wrong, one, closed = values(calls["list_jobs"])
    assert {row["job_id"] for row in everything} > {long}
    assert len(newest) == 1
    assert "deploy_map" in newest[0]
    assert wrong == ("ValueError", "limit must be None or int but got <class 'str'>")
    assert [(row["job_id"], row["status"]) for row in one] == [(long, "RUNNING")]
    assert closed[0] == "SessionClosed"


def test_results_come_in_flares_layout(calls):
    files, unknown = values(calls["download_job_result"])
    assert "meta.json" in {name.rpartition("/")[2] for name in files}
    assert any(name.startswith("job/job/") for name in files), files
    assert unknown == ("JobNotFound", "no such job: nope")


def test_copies_are_stopped_and_forgotten(calls, label, long):
    open_one, deleted, gone = values(calls["delete_job"])
    if label in BRIDGE:
        assert deleted["submit_records_marked_deleted"] == 0
        assert values(calls["abort_job"])[1].endswith("is already completed.")
    assert open_one == ("JobNotDone", f"job {long} is still running")
    assert gone[0] == "JobNotFound"
    assert raised(calls["abort_job"]) == []


def test_the_system_is_described(calls, label, long):
    status, clients, jobs = values(calls["get_system_info"])[0]
    assert (status, clients) == ("started", [*SITES])
    assert long in jobs
    assert values(calls["get_connected_client_list"])[0] == [*SITES]
    rows, unknown = values(calls["get_client_job_status"])
    assert {*SITES} == {row["client_name"] for row in rows}
    assert unknown == ("InvalidTarget", "invalid client(s): nope")
    if label in (*BRIDGE, OURS):
        assert (
            {*SITES, "server"} == set(values(calls["report_version"])[0]) == set(values(calls["report_resources"])[0])
        )
    environments, nobody = values(calls["get_client_env"])
    assert all(row["workspace"].endswith(f"party-{row['site_name']}") for row in environments)
    assert nobody[0] == "InvalidTarget"


def test_sites_show_their_files_and_nothing_else(calls, long):
    top, inside, nosuch, absolute = values(calls["ls_target"])
    assert long in top.split()
    assert "log.txt" in top.split()
    assert raised(calls["ls_target"]) == ["InvalidTarget", "SyntaxError"]
    assert nosuch[1] == "invalid target: nosuch"
    assert absolute[1] == "absolute path is not allowed"
    assert "params.json" in inside
    place, everyone = values(calls["get_working_directory"])
    assert place.endswith("party-site-1\n")
    assert everyone[0] == "InvalidTarget"
    numbered, option, two, missing, key = values(calls["cat_target"])
    assert numbered == "     1\tround 1\n     2\tround 2\n"
    assert option == ("InternalError", "error: unrecognized arguments: -c")
    assert two == ("InternalError", "error: only one file is allowed")
    assert missing == "cat: nofile.txt: No such file or directory\n"
    assert key[0] == "SyntaxError"
    assert values(calls["head_target"]) == ["round 1\n"]
    assert values(calls["tail_target"]) == ["round 2\n"]
    assert values(calls["grep_target"]) == ["2:round 2\n", ""]


def test_a_training_tells_how_far_it_is(calls, label, trained):
    everyone, one_site, ended, unknown = values(calls["show_stats"])
    assert "current_round" in str(everyone["server"])
    assert {"server", "site-1", "site-2"} == set(everyone)
    assert set(one_site) == {"site-1"}
    assert ended[0] == "JobNotRunning"
    assert unknown == ("JobNotFound", "no such job: nope")
    assert set(values(calls["show_errors"])[0]) == {"server", "site-1", "site-2"}
    assert raised(calls["reset_errors"]) == []
    if label == OLDEST:
        assert "do_app_command" not in calls
        return
    done, topic, over = values(calls["do_app_command"])
    assert done == {"topic": "tune", "doubled": 42}
    assert topic[0] == "InternalError"
    assert over[0] == "JobNotRunning"


def test_restart_and_shutdown(calls, label, trained, results):
    site = results["clients"][label]["site"]
    assert raised(calls["restart"]) == ["ValueError", "InvalidTarget"]
    assert values(calls["restart"])[-1]["client_status"] == {site: "Restart the client..."}
    assert raised(calls["shutdown_system"]) == raised(calls["shutdown"]) == ["JobNotDone"]
    assert trained in calls["shutdown"][0]["says"]
    if label == OURS:
        _, sites, nobody = values(calls["get_connected_client_list"])
        assert (sites, nobody) == ([each for each in SITES if each != site], [])


def test_service_providers(calls, label):
    if label in BRIDGE:
        assert "list_sp" not in calls
        return
    assert "'system': 'ready'" in values(calls["list_sp"])[0]
    assert values(calls["get_active_sp"])[0]["primary"] is True
    assert raised(calls["promote_sp"]) == ["InternalError", "SyntaxError"]


@pytest.mark.parametrize("label", [*BRIDGE, OURS])
def test_studies(results, label):
    calls = results["clients"][label]["calls"]
    study = f"heart-{label.replace('.', '-')}"
    assert raised(calls["study"]) == ["AuthenticationError"]
    assert study in values(calls["list_studies"])[0]["studies"]
    assert raised(calls["register_study"]) == ["CommandError"]  # a project_admin names the sites' organisations, too
    shown = {"name": study, "site_orgs": {"hq": ["site-1"]}, "sites": ["site-1"], "users": ["lead@hq.org"],
             "user_orgs": {"hq": ["lead@hq.org"]}}  # fmt: skip
    assert values(calls["register_study"])[1:] == [shown]
    assert values(calls["add_study_site"])[0]["added"] == values(calls["remove_study_site"])[0]["removed"] == ["site-2"]
    users = {"hq": ["lead@hq.org"], "clinic": ["member@clinic.org"]}
    both = {"users": ["lead@hq.org", "member@clinic.org"], "user_orgs": users}
    assert values(calls["show_study"])[:1] == [{**shown, **both}]
    assert values(calls["inside_study"]) == [[study, [[True, study]]]]
    assert values(calls["remove_study"]) == [{"name": study, "removed": True}]
    assert raised(calls["show_study"]) == ["CommandError"]


def test_closing_twice_is_fine(calls):
    assert raised(calls["close"]) == []


def test_commands_of_listener_clients_are_answered(results):
    """Each is a TLS connection of its own."""
    calls = [answer for label in LISTENER for answer in results["clients"][label]["calls"]["alone"]]
    assert len(calls) == 10 * len(LISTENER)
    assert [answer["raised"] for answer in calls if "raised" in answer] == []
