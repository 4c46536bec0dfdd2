"""`fedrota prune`."""

import io

import pytest

from tests.fedrota.conftest import JOB, make_job

OLD = "2020-01-01T00:00:00Z"


@pytest.fixture
def old(gateway):
    """An old job, one that holds a model, and a young one."""
    jobs = [
        make_job(id=name, ended=ended, steps=[])
        for name, ended in (("young", "2999-01-01T00:00:00Z"), (JOB, OLD), ("held", OLD))
    ]
    gateway.on("GET", "/jobs", {"items": jobs, "next": None})
    gateway.on("DELETE", f"/jobs/{JOB}", None)
    gateway.refuse("DELETE", "/jobs/held", 409, code="conflict", message="job held holds the parts of model m")
    return gateway


def deleted(gateway):
    return [asked.path for asked in gateway.asked if asked.method == "DELETE"]


def test_a_dry_run_shows_what_would_go_and_deletes_nothing(fedrota, old):
    found = fedrota("prune", "--older-than", "30d", "--dry-run")
    assert (JOB in found.out, "young" in found.out, "2 jobs would be deleted; nothing was" in found.out) == (
        True, False, True,
    )  # fmt: skip
    assert fedrota("prune", "--older-than", "30d", "--dry-run", "--json").json == {"would_delete": [JOB, "held"]}
    assert deleted(old) == []


def test_old_jobs_go_and_what_has_to_stay_is_said(fedrota, old):
    found = fedrota("prune", "--older-than", "30d", "--yes")
    assert (found.code, found.out) == (3, "deleted one job\nkept held: job held holds the parts of model m\n")
    assert deleted(old) == [f"/jobs/{JOB}", "/jobs/held"]
    assert fedrota("prune", "--older-than", "30d", "--yes", "--json").json["kept"].keys() == {"held"}


@pytest.mark.parametrize(("answer", "gone"), [("n\n", 0), ("y\n", 2)])
def test_whoever_is_there_is_asked(fedrota, old, monkeypatch, answer, gone):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    found = fedrota("prune", "--older-than", "30d")
    assert "Delete 2 jobs for good?" in found.err
    assert (len(deleted(old)), found.code != 0) == (gone, True)


def test_where_nobody_is_there_to_ask_nothing_goes(fedrota, old, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    found = fedrota("prune", "--older-than", "30d")
    assert (found.code, "--yes" in found.err) == (2, True)
    assert deleted(old) == []


def test_only_states_in_which_jobs_end_are_asked_for(fedrota, old):
    assert fedrota("prune", "--older-than", "1d", "--state", "running").code == 2
    fedrota("prune", "--older-than", "1d", "--state", "failed", "--label", "a=b", "--dry-run")
    assert (old.last.query["state"], old.last.query["label"]) == ("failed", "a=b")


def test_when_nothing_is_old_nothing_is_asked(fedrota, gateway):
    gateway.on("GET", "/jobs", {"items": [], "next": None})
    assert fedrota("prune", "--older-than", "30d").out == "no job is that old\n"


def test_one_that_is_broken_off_says_how_far_it_came(fedrota, old):
    old.refuse("DELETE", "/jobs/held", 500, code="internal", message="no room")
    found = fedrota("prune", "--older-than", "30d", "--yes")
    assert found.code != 0
    assert "broken off after 1 of 2 jobs: the same command goes on with the rest" in found.err
    assert "no room" in found.err
