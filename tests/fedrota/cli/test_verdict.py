"""How a job has ended, and what to type next."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import typer

from fedrota.cli.verdict import find_failed_task, leave, list_next, print_verdict
from fedrota.model import Failure, Job, Step, Task


def task(party, state, minute=None, **more):
    ended = None if minute is None else datetime(2026, 1, 1, 0, minute, tzinfo=UTC)
    return Task(id=party, job="j", step="lr", role="guest", party=party, state=state, ended=ended, **more)


def failed_job(*tasks):
    return Job(
        id="j",
        name="n",
        state="failed",
        reason="lr failed",
        steps=(Step(id="s", name="lr", state="failed", tasks=tasks),),
    )


def test_the_first_failure_is_the_one_to_look_at():
    tasks = (task("1", "failed"), task("2", "timeout", 5), task("3", "failed", 3), task("4", "canceled", 1))
    assert find_failed_task(failed_job(*tasks)).party == "3"
    assert find_failed_task(failed_job()) is None


def test_failed_job_names_why_and_where_to_look(capsys):
    print_verdict(failed_job(task("9", "failed", 1, failure=Failure(kind="error", message="boom [x]"))))
    assert capsys.readouterr().out.splitlines() == [
        "job j failed after -: lr failed",
        "  lr guest 9: boom [x] (error)",
        "  fedrota logs j lr --party 9",
        "  fedrota rerun j",
    ]


def test_what_is_told_of_the_task_is_not_told_of_the_job_as_well(capsys):
    boom = failed_job(task("9", "failed", 1, failure=Failure(kind="error", message="boom")))
    print_verdict(replace(boom, reason="step lr: party 9 (guest): boom"))
    assert capsys.readouterr().out.splitlines()[:2] == ["job j failed after -", "  lr guest 9: boom (error)"]


def test_a_poisoned_job_is_requeued_not_rerun():
    poisoned = task("9", "failed", 2, failure=Failure(kind="poison", message="poison: so"))
    job = failed_job(task("1", "failed", 1, failure=Failure(kind="unreachable")), poisoned)
    assert list_next(job)[-1] == "fedrota requeue j"


@pytest.mark.parametrize(
    ("state", "first"), [("success", "metrics"), ("running", "watch"), ("canceled", "rerun"), ("timeout", "rerun")]
)
def test_next_commands_fit_the_state(state, first):
    assert list_next(Job(id="j", name="n", state=state))[0] == f"fedrota {first} j"


def test_exit_code():
    leave(Job(id="j", name="n", state="success"))
    with pytest.raises(typer.Exit) as ended:
        leave(Job(id="j", name="n", state="timeout"))
    assert ended.value.exit_code == 1
