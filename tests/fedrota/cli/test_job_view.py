"""The picture of a job."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from fedrota.cli.job_view import choose_steps, draw_job, measure_step
from fedrota.model import Failure, Job, Metric, Step, Task

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
START = NOW - timedelta(seconds=12)


def task(party="9999", state="running", progress=0.5, **more):
    known = {"id": party, "job": "j", "step": "lr", "role": "guest", "party": party, "started": START}
    return Task(**known, state=state, progress=progress, **more)


def step(name="lr", state="running", tasks=(), **more):
    return Step(id=name, name=name, state=state, tasks=tuple(tasks), **more)


def draw(job, latest=None, height=40, width=120):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(draw_job(job, latest or {}, now=NOW, height=height, width=width))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_line_per_step_and_per_party_at_work():
    latest = {("lr", "9999"): [Metric(step="lr", name="loss", value=0.25, party="9999")]}
    steps = [
        step("read", "success", [task(state="success")], started=START, ended=START + timedelta(seconds=1)),
        step("lr", "running", [task(), task("10000", "lost_contact", 0.2, reason="silent for 22 s")], attempt=2),
        step("evaluate", "waiting", reason="waits for lr"),
    ]
    lines = draw(
        Job(id="j-1", name="breast [x]", state="running", reason="lr runs", started=START, steps=tuple(steps)), latest
    )
    assert lines[0] == "breast [x]  j-1  running  1/3 steps  12 s  lr runs"
    assert [line.split()[0] for line in lines[1:]] == ["read", "lr", "guest", "guest", "evaluate"]
    assert "(attempt 2)" in lines[2]
    assert lines[3].split()[-4:] == ["12", "s", "loss", "0.25"]
    assert lines[4].endswith("silent for 22 s")
    assert lines[5].endswith("waits for lr")


def test_a_narrow_terminal_cuts_no_name_for_a_bar():
    job = Job(id="j", name="n", state="running", steps=(step(tasks=[task("10000"), task("10001", "lost_contact")]),))
    assert [line.split() for line in draw(job, width=40)[2:]] == [
        ["guest", "10000", "running", "12", "s"],
        ["guest", "10001", "lost", "contact", "12", "s"],
    ]
    assert "\u2501" in draw(job, width=80)[2]


def test_failed_party_says_why():
    failed = task(state="failed", failure=Failure(kind="error", message="boom"))
    lines = draw(Job(id="j", name="n", state="failed", steps=(step(state="failed", tasks=[failed]),)))
    assert lines[2].endswith("boom")


def test_what_failed_is_told_once_and_not_by_all_that_it_stopped():
    words = "party 9999 has no table 'x'"
    boom = Failure(kind="invalid", message=words)
    steps = (
        step("read", "failed", [task(state="failed", failure=boom), task("10000", "canceled", reason=f"guest: {words}")],
             reason=f"party 9999 (guest): {words}"),
        step("lr", "canceled", [task(state="canceled", reason=f"step read: {words}")], reason=f"step read: {words}"),
        step("a", "waiting", reason="waits for step lr"), step("b", "waiting", reason="waits for step lr"),
    )  # fmt: skip
    lines = "\n".join(draw(Job(id="j", name="n", state="failed", steps=steps), width=200))
    assert lines.count(words) == 1
    assert lines.count("waits for step lr") == 2


@pytest.mark.parametrize(
    ("given", "done"),
    [
        (step(state="success"), 1.0),
        (step(state="waiting", tasks=[task()]), 0.0),
        (step(tasks=[task(progress=0.5), task(state="success", progress=0)]), 0.75),
        (step(tasks=[task(progress=7), task(progress=-1)]), 0.5),
        (step(), 0.0),
    ],
)
def test_progress_of_a_step_is_the_mean_of_its_parties(given, done):
    assert measure_step(given) == done


def test_big_job_shows_what_matters_and_counts_the_rest():
    states = ["success"] * 300 + ["running"] * 3 + ["waiting"] * 196 + ["failed"]
    steps = tuple(step(f"s{number}", state) for number, state in enumerate(states))
    lines = draw(Job(id="j", name="n", state="running", steps=steps), height=14)
    names = [line.split()[0] for line in lines[1:-1]]
    assert names[:3] == ["s300", "s301", "s302"]
    assert names[-1] == "s499"
    assert len(lines) <= 14
    assert lines[-1] == "... and 489 more steps: 300 success, 189 waiting"


def test_a_step_with_many_parties_is_shown_even_where_it_does_not_fit():
    crowd = step(tasks=[task(str(number)) for number in range(50)])
    assert choose_steps([crowd, step("later", "waiting")], 10)[0] == [crowd]
