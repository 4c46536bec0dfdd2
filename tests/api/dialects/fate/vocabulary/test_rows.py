from dataclasses import replace
from datetime import timedelta

from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.rows import COLUMNS, NOTES, measure_progress, prefix_row, render_job_rows
from scheduler.domain.model import Task
from scheduler.domain.states import State
from scheduler.store.queries.jobs import JobDetail, StepDetail
from tests.api.dialects.fate.vocabulary.test_fate_job import AT, make_job, make_step

CLIENTS_READ = (
    "apply_resource_time", "cancel_signal", "cancel_time", "cores", "create_date", "create_time", "description",
    "dsl", "elapsed", "end_date", "end_scheduling_updates", "end_time", "engine_name", "engine_type",
    "inheritance_info", "inheritance_status", "initiator_party_id", "initiator_role", "is_initiator", "job_id",
    "memory", "name", "party_id", "progress", "ready_signal", "ready_time", "remaining_cores", "remaining_memory",
    "rerun_signal", "resource_in_use", "return_resource_time", "role", "roles", "runtime_conf",
    "runtime_conf_on_party", "start_date", "start_time", "status", "status_code", "tag", "train_runtime_conf",
    "update_date", "update_time", "user", "user_id",
)  # fmt: skip
FATE = FateJob(
    conf={
        "job_parameters": {
            "common": {"timeout": 5},
            "role": {"host": {"0": {"timeout": 7}, "0|1": {"user": "me"}, "1": {"user": ""}}},
        }
    },
    dsl={"components": {}},
    initiator=("guest", "9999"),
)


def make_task(step, role, party, **given):
    return Task(**{
        "id": f"{step}-{role}-{party}", "job_id": "7", "step_id": step, "step": step, "role": role, "party": party,
        "position": 0, "attempt": 1, "seq": 1, "state": State.SUCCESS, "reason": "", "created": AT, "started": AT,
        "ended": AT, "lease_until": None, "agent": "w", "stop_kind": None, "progress": None, "failure": None,
        "summary": {}, **given,
    })  # fmt: skip


def make_detail(*states, **given):
    tasks = [
        make_task("a", "guest", "9999", state=state, ended=None if state is State.RUNNING else AT) for state in states
    ]
    return JobDetail(make_job(**given), [StepDetail(make_step("a", slots=2), tasks)])


def render(detail, fate=FATE):
    return list(render_job_rows(detail, fate))


def test_there_is_a_row_for_each_role_and_party_with_all_the_members_that_clients_read():
    rows = render(make_detail(State.SUCCESS))
    assert [(row["role"], row["party_id"], row["is_initiator"]) for row in rows] == [
        ("guest", "9999", True),
        ("host", "10000", False),
    ]
    assert sorted(rows[0]) == sorted(CLIENTS_READ)
    assert len(CLIENTS_READ) == 45
    assert set(rows[0]) >= COLUMNS
    assert prefix_row({"job_id": 1}) == {"f_job_id": 1}


def test_types_are_those_of_the_original():
    row = render(make_detail(State.SUCCESS, labels={NOTES: "mine"}, ended=AT + timedelta(seconds=2)))[0]
    assert row["roles"] == {"guest": [9999], "host": [10000]}
    assert (row["initiator_party_id"], row["elapsed"], row["description"]) == ("9999", 2000, "mine")
    assert (row["status"], row["cancel_signal"], row["resource_in_use"]) == ("success", False, False)


def test_a_party_sees_its_own_job_parameters():
    guest, host = render(make_detail(State.SUCCESS))
    assert guest["runtime_conf_on_party"]["job_parameters"] == {"timeout": 5}
    assert host["runtime_conf_on_party"]["job_parameters"] == {"timeout": 7, "user": "me"}


def test_what_never_had_to_run_counts_as_ended():
    detail = make_detail(State.SUCCESS, State.RUNNING)
    assert measure_progress(detail.steps, FATE) == 50
    with_passed = replace(FATE, passed={"b": (("host", "1"),)}, inherited={"c": (("host", "1"),)})
    assert measure_progress(detail.steps, with_passed) == 75
    assert measure_progress([], FATE) == 0


def test_cores_are_slots_and_those_in_use_are_not_free():
    running = render(make_detail(State.RUNNING, state=State.RUNNING, ended=None))[0]
    assert (running["cores"], running["remaining_cores"], running["elapsed"]) == (2, 0, None)
    assert running["resource_in_use"]
    assert render(make_detail(State.SUCCESS))[0]["remaining_cores"] == 2


def test_a_stop_shows_at_once():
    row = render(make_detail(State.RUNNING, state=State.RUNNING, ended=None, stop_kind=State.CANCELED))[0]
    assert (row["cancel_signal"], row["cancel_time"]) == (True, None)
