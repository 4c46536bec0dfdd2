from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api.dialects.iflearner.errors import RefusedError
from api.dialects.iflearner.requests import StartForm
from api.dialects.iflearner.vocabulary import find_host, find_status, list_party_status, make_draft, merge_flags
from scheduler.domain.access import Principal, Role
from scheduler.domain.model import Job, Party, Retry, Step, Task
from scheduler.domain.states import State
from scheduler.store.queries.jobs import JobDetail, StepDetail
from scheduler.store.queries.templates import Template

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY = Principal(name="ann", kind="user", role=Role.LEAD, org="hq", project="p1")


def make_task(party, state, *, role="federate", progress=None, started=None):
    return Task(
        id=f"{party}-{role}", job_id="j", step_id="s", step="run", role=role, party=party, position=0, attempt=1, seq=1,
        state=state, reason="", created=NOW, started=started, ended=None, lease_until=None, agent=None, stop_kind=None,
        progress=progress, failure=None, summary={},
    )  # fmt: skip


def make_run(*tasks, job=State.RUNNING, step=State.RUNNING, reason="", epochs=4, aggregator=True, stop=None, attempt=1):
    made = Job(
        id="j", name="n", owner="ann", org="", project="p1", state=job, reason="", priority=0, dialect="iflearner",
        roles={}, labels={}, created=NOW, started=None, ended=None, deadline=None, stop_kind=stop,
    )  # fmt: skip
    of_job = Step(
        id="s", job_id="j", name="run", position=0, state=step, reason=reason,
        run={"epochs": epochs, "aggregator": aggregator}, needs=(), inputs={}, params={}, overrides={}, retry=Retry(),
        timeout_s=None, slots=1, gang=True, attempt=attempt, spent=0, not_before=None, created=NOW, started=None, ended=None,
    )  # fmt: skip
    return JobDetail(made, [StepDetail(of_job, list(tasks))])


def status_of(*states, **given):
    return find_status(
        make_run(*(make_task(str(n), state) for n, state in enumerate(states)), **given), was_started=True
    )


def test_a_task_that_was_never_started_has_no_status():
    assert find_status(None, was_started=False) is None


def test_a_run_that_was_deleted_elsewhere_leaves_an_empty_status():
    assert find_status(None, was_started=True) == ""


def test_a_run_is_started_until_the_scheduler_has_looked_at_it():
    queued = "queued: the scheduler looks at it next"
    assert status_of(State.WAITING, State.WAITING, job=State.WAITING, step=State.READY, reason=queued) == "Started"
    away = "party 1 is offline"
    assert status_of(State.WAITING, State.WAITING, job=State.WAITING, step=State.READY, reason=away) == "Pending"


def test_a_second_attempt_that_waits_is_pending():
    queued = "queued: the scheduler looks at it next"
    assert status_of(State.WAITING, step=State.READY, reason=queued, attempt=2) == "Pending"


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ((State.RUNNING, State.DISPATCHED), "Pending"),
        ((State.RUNNING, State.RUNNING), "Running"),
        ((State.RUNNING, State.SUCCESS), "Running"),
        ((State.RUNNING, State.LOST_CONTACT), "Unknown"),
    ],
)
def test_an_open_run_stands_where_its_parties_stand(states, status):
    assert status_of(*states) == status


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.SUCCESS, "Succeeded"),
        (State.FAILED, "Failed"),
        (State.TIMEOUT, "Failed"),
        (State.CANCELED, "Cancelled"),
    ],
)
def test_an_ended_run_says_how(state, status):
    assert status_of(state, job=state) == status


def test_a_run_that_is_being_stopped_counts_as_cancelled():
    assert status_of(State.RUNNING, stop=State.CANCELED) == "Cancelled"


def test_parties_are_ready_once_the_aggregator_says_so():
    run = make_run(
        make_task("a", State.RUNNING, started=NOW),
        make_task("b", State.RUNNING, started=NOW, progress=0.0),
        make_task("c", State.RUNNING, started=NOW, progress=0.5),
        make_task("d", State.SUCCESS, started=NOW, progress=1.0),
        make_task("a", State.RUNNING, role="server"),
    )
    rows = [tuple(row.values()) for row in list_party_status(run)]
    assert rows == [
        ("a", False, False, 0, 4),
        ("b", True, False, 1, 4),
        ("c", True, False, 3, 4),
        ("d", True, True, 4, 4),
    ]


def test_without_an_aggregator_a_party_is_ready_when_it_runs():
    run = make_run(make_task("a", State.RUNNING, started=NOW), make_task("b", State.WAITING), aggregator=False)
    assert [row["ready"] for row in list_party_status(run)] == [True, False]


def test_how_far_a_party_was_stays_after_the_end():
    run = make_run(make_task("a", State.FAILED, started=NOW, progress=0.25), job=State.FAILED)
    assert list_party_status(run)[0] == {
        "name": "a", "ready": True, "complete": False, "current_epoch": 2, "total_epoch": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ([["lr=1"], ["lr=2"]], ["--lr=2"]),
        ([["lr=1", "-v", "batch=8"]], ["--lr=1", "-v", "--batch=8"]),
        ([["--opt", "adam"], ["--opt", "sgd"]], ["--opt", "sgd"]),
        ([["--opt=adam"], ["opt=sgd"]], ["--opt=sgd"]),
        ([["epoch=3", "epochs=4", "lr=1"]], ["--lr=1"]),
        ([["name=me"], ["--name={party}"]], ["--name={party}"]),
        ([["plain", "lr=a=b"]], ["plain", "--lr=a=b"]),
        ([[], []], []),
    ],
)
def test_hyper_parameters_become_flags(given, flags):
    assert merge_flags(*given) == flags


def make_party(identity, *, engines=("iflearner",), slots=4):
    return Party(
        id=identity, org="hq", slots=slots, drained=False, created=NOW, last_seen=None, agent=None, version="",
        facts={"engines": list(engines)},
    )  # fmt: skip


def make_definitions(**template):
    body = {
        "image_url": "iflearner:0.1.0", "workdir": "/w", "command": ["python", "t.py"], "remark": "",
        "hyper_parameter": ["epoch=2", "lr=1"],
    }  # fmt: skip
    federates = [{"federated_id": "a", "federated_data": "/data/a"}, {"federated_id": "b", "federated_data": ""}]
    task = Template(
        id="t1", project="p1", kind="iflearner.task", name="task", owner="ann", created=NOW, modified=NOW,
        body={"template_id": "m1", "remark": "", "federate_data": federates, "job": "older"},
    )  # fmt: skip
    return task, replace(task, id="m1", kind="iflearner.template", name="tpl", body={**body, **template})


def draft(parties=None, start=None, server="", **template):
    task, model = make_definitions(**template)
    known = [make_party("a"), make_party("b")] if parties is None else parties
    return make_draft(task, model, start or StartForm(), parties=known, server=server, by=BY)


def test_a_start_makes_one_step_of_all_parties_and_a_server():
    made = draft()
    (step,) = made.steps
    assert made.roles == {"federate": ("a", "b"), "server": ("a",)}
    assert (step.gang, step.services, made.dialect, made.labels["iflearner.task"]) == (
        True,
        ("server",),
        "iflearner",
        "t1",
    )
    assert step.run == {
        "engine": "iflearner", "image": "iflearner:0.1.0", "workdir": "/w", "command": ["python", "t.py"],
        "flags": ["--lr=1", "--name={party}", "--epochs=2"], "epochs": 2, "aggregator": True,
    }  # fmt: skip
    assert step.overrides == {"federate.0": {"data": "/data/a"}, "federate.1": {"data": ""}}
    assert "job" not in made.origin["task"]


def test_a_start_s_own_values_win_over_the_template_s():
    (step,) = draft(start=StartForm(epochs=7, hyper_parameter=("lr=9",))).steps
    assert step.run["flags"] == ["--lr=9", "--name={party}", "--epochs=7"]


def test_ten_epochs_where_nobody_says():
    assert draft(hyper_parameter=None).steps[0].run["epochs"] == 10


def test_a_party_that_is_not_registered_is_refused_by_number():
    with pytest.raises(RefusedError) as caught:
        draft(parties=[make_party("a")])
    assert (caught.value.ret_code, caught.value.message) == (10304, "task party not found")
    assert "b" in caught.value.detail


def test_a_local_image_never_has_an_aggregator():
    made = draft(image_url="local:python")
    assert (made.roles, made.steps[0].services) == ({"federate": ("a", "b")}, ())


def test_another_image_has_an_aggregator_where_a_party_can_host_it():
    assert draft(image_url="ocr:1").roles["server"] == ("a",)
    plain = [make_party("a", engines=()), make_party("b", engines=())]
    assert "server" not in draft(parties=plain, image_url="ocr:1").roles


def test_the_aggregator_needs_a_party_with_two_slots():
    parties = [make_party("a", slots=1), make_party("b")]
    assert find_host("iflearner", ("a", "b"), parties, chosen="") == "b"


def test_an_iflearner_image_without_a_host_is_refused_with_what_to_set():
    with pytest.raises(RefusedError, match="FEDROTA_ENGINES"):
        draft(parties=[make_party("a", engines=()), make_party("b", engines=())])


def test_an_operator_may_choose_the_host():
    parties = [make_party("a"), make_party("b"), make_party("centre", engines=())]
    assert draft(parties=parties, server="centre").roles["server"] == ("centre",)
    with pytest.raises(RefusedError, match="'nowhere', which is not registered"):
        draft(server="nowhere")
