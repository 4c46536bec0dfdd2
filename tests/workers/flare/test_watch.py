import json
from types import SimpleNamespace

import pytest

from workers.flare.news import News
from workers.flare.watch import Watch, find_round, find_total

STATS = {"server": {"ScatterAndGather": {"current_round": 1, "num_rounds": 4}, "ServerRunner": {}}, "site-1": {}}


class Job:
    """A FLARE session whose job is in this state."""

    def __init__(self, spec):
        self.spec = spec
        self.status = "RUNNING"
        self.stats = STATS
        self.is_busy = False

    def get_job_meta(self, _job):
        self._answer()
        return {"status": self.status}

    def show_stats(self, _job, _target):
        self._answer()
        if self.stats is None:
            raise self.spec.JobNotFound("not yet")
        return self.stats

    def show_errors(self, _job, _target):
        self._answer()
        return {"server": "No Error"}

    def _answer(self):
        if self.is_busy:
            raise self.spec.NoConnection("cannot connect to server: ERROR_SERVER_CONNECTION")


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Jobs that answer from the first moment."""
    monkeypatch.setattr("workers.flare.watch.FIRST_S", 0.0)


@pytest.fixture
def told(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    monkeypatch.setenv("FEDROTA_METRICS", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


def test_rounds_become_points_and_progress(told, spec):
    job = Job(spec)
    watch = Watch(job, "j1", News())
    assert watch.look() == "RUNNING"
    assert watch.has_moved
    assert {"name": "round", "value": 1, "step": 1} in told()
    assert {"progress": 0.25} in told()
    assert {"summary": {"errors": {"server": "No Error"}}} in told()
    watch.look()
    assert not watch.has_moved


def test_a_job_that_has_just_begun_is_not_asked(told, spec, monkeypatch):
    """FLARE's server would log an error for a question that comes too early."""
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=100.0)
    monkeypatch.setattr("workers.flare.watch.time", clock)
    monkeypatch.setattr("workers.flare.watch.FIRST_S", 0.3)
    watch = Watch(Job(spec), "j1", News())
    for clock.now in (100.0, 100.2):
        watch.look()
        assert watch.stats == {}
    clock.now = 100.4
    watch.look()
    assert watch.stats == STATS


def test_statistics_are_kept_seldom_and_rounds_always(told, spec, monkeypatch):
    monkeypatch.setattr("workers.flare.watch.STATS_S", 0.0)
    job = Job(spec)
    watch = Watch(job, "j1", News())
    for number in range(5):
        job.stats = {"server": {"ScatterAndGather": {"current_round": number, "num_rounds": 5}}}
        watch.look()
    assert [line["step"] for line in told() if line.get("name") == "round"] == [0, 1, 2, 3, 4]
    assert len([line for line in told() if "stats" in line.get("summary", {})]) == 1


def test_a_job_that_has_no_figures_yet_is_no_failure(told, spec):
    job = Job(spec)
    job.stats = None
    watch = Watch(job, "j1", News())
    assert watch.look() == "RUNNING"
    assert not watch.has_moved
    job.status = "FINISHED:COMPLETED"
    assert watch.look() == "FINISHED:COMPLETED"
    assert told()[-1] == {"summary": {"phase": "FINISHED:COMPLETED"}}


def test_a_server_too_busy_to_answer_once_is_no_failure(told, spec, monkeypatch):
    monkeypatch.setattr("workers.flare.watch.STATS_S", 0.0)
    monkeypatch.setattr("workers.flare.watch.ERRORS_S", 0.0)
    job = Job(spec)
    watch = Watch(job, "j1", News())
    assert watch.look() == "RUNNING"
    job.is_busy = True
    assert watch.look() == "RUNNING"
    assert not watch.has_moved
    job.is_busy = False
    job.get_job_meta = lambda _job: setattr(job, "is_busy", True) or {"status": "RUNNING"}
    assert watch.look() == "RUNNING"  # it answers the first question of the look and none after it
    assert not watch.has_moved


@pytest.mark.parametrize(
    "stats", [{}, {"server": "none"}, {"server": {"X": 3}}, {"server": {"X": {"current_round": "1"}}}]
)
def test_what_tells_no_round_is_in_none(stats):
    assert find_round(stats) is None
    assert find_total(stats) is None
