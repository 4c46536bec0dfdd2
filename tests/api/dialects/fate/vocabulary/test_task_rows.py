from dataclasses import replace

from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.task_rows import COLUMNS, render_task_rows
from scheduler.domain.model import Failure
from scheduler.domain.states import State
from scheduler.store.queries.jobs import JobDetail, StepDetail
from tests.api.dialects.fate.vocabulary.test_fate_job import make_job, make_step
from tests.api.dialects.fate.vocabulary.test_rows import make_task

CLIENTS_READ = (
    "auto_retries", "auto_retry_delay", "cmd", "component_module", "component_name", "component_parameters",
    "create_date", "create_time", "deepspeed_id", "elapsed", "end_date", "end_time", "engine_conf",
    "error_report", "federated_mode", "federated_status_collect_type", "initiator_party_id", "initiator_role",
    "is_deepspeed", "job_id", "kill_status", "party_id", "party_status", "provider_info", "role", "run_ip",
    "run_on_this_party", "run_pid", "run_port", "start_date", "start_time", "status", "status_code", "task_id",
    "task_version", "update_date", "update_time", "worker_id",
)  # fmt: skip
FATE = FateJob(
    conf={"job_parameters": {"common": {"auto_retries": 2}}},
    dsl={"components": {"a": {"module": "HeteroLR"}, "b": {"module": "Evaluation"}}},
    initiator=("guest", "9999"),
    passed={"b": (("host", "10000"),)},
    inherited={"c": (("guest", "9999"),)},
)


def render(fate=FATE, *, step=None, **task):
    detail = StepDetail(make_step("a", **(step or {})), [make_task("a", "guest", "9999", **task)])
    return list(render_task_rows(JobDetail(make_job(), [detail]), fate))


def test_a_row_has_all_the_members_that_clients_read():
    row = render(attempt=3)[0]
    assert sorted(row) == sorted(CLIENTS_READ)
    assert set(row) >= COLUMNS
    assert (row["task_id"], row["task_version"], row["component_module"]) == ("7_a", 2, "HeteroLR")
    assert (row["auto_retries"], row["party_id"], row["status"], row["party_status"]) == (
        2,
        "9999",
        "success",
        "success",
    )


def test_what_passed_and_what_was_inherited_have_rows_of_their_own():
    _, passed, inherited = render()
    assert (passed["component_name"], passed["role"], passed["party_status"]) == ("b", "host", "pass")
    assert (inherited["component_name"], inherited["party_status"], inherited["task_version"]) == ("c", "success", 0)
    assert sorted(passed) == sorted(CLIENTS_READ)


def test_a_failure_is_one_report():
    failed = {"state": State.FAILED, "failure": Failure(kind="error", message="no such column")}
    row = render(step={"state": State.FAILED}, **failed)[0]
    assert (row["party_status"], row["status"], row["error_report"]) == ("failed", "failed", "no such column")


def test_a_step_between_two_tries_is_running():
    between = {"state": State.WAITING, "attempt": 2, "spent": 1}
    assert render(step=between, state=State.WAITING)[0]["status"] == "running"
    assert render(step={"state": State.READY}, state=State.WAITING)[0]["status"] == "waiting"


def test_nothing_that_was_not_told_to_pass_does():
    assert len(render(replace(FATE, passed={}, inherited={}))) == 1
