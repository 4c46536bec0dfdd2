"""A job is brought to the state that follows from its parts, in as many rounds as that takes."""

import pytest

from scheduler.domain.machine import Settlement, StopJob
from scheduler.domain.states import State
from scheduler.service import settling
from scheduler.service.settling import UnsettledJobError, settle_job
from tests.scheduler.centre import step


def test_a_job_that_is_gone_needs_nothing(centre):
    centre.write(lambda tx: settle_job(tx, "nope", now=centre.now, patience=centre.patience))


def test_a_settled_job_is_left_alone(centre):
    job = centre.submit(step("s"))
    events = len(centre.events(job))
    centre.write(lambda tx: settle_job(tx, job, now=centre.now, patience=centre.patience))
    assert len(centre.events(job)) == events


def test_a_machine_that_never_comes_to_rest_is_a_defect_and_undoes_what_it_did(centre, monkeypatch):
    job = centre.submit(step("s"))
    endless = Settlement(stop_job=StopJob(kind=State.CANCELED, reason="again"))
    monkeypatch.setattr(settling, "settle", lambda *_, **__: endless)
    with pytest.raises(UnsettledJobError, match=job):
        centre.write(lambda tx: settle_job(tx, job, now=centre.now, patience=centre.patience))
    assert centre.job(job).stop_kind is None
