"""Durations."""

from datetime import timedelta

from config.settings import Settings
from scheduler.service.limits import Patience, patience_from
from tests.scheduler.centre import START


def test_what_an_operator_sets_is_what_counts():
    patience = patience_from(
        Settings(
            lease_s=7,
            dispatch_lease_s=3,
            heartbeat_s=1,
            offline_s=2,
            offline_grace_s=9,
            reserve_after_s=0,
            poison_deaths=5,
        )
    )
    assert patience == Patience(
        lease_s=7, dispatch_lease_s=3, heartbeat_s=1, offline_s=2, offline_grace_s=9, reserve_after_s=0, poison_deaths=5
    )
    assert patience.lease_until(START) - START == timedelta(seconds=7)
    assert patience.knock_until(START) - START == timedelta(seconds=3)


def test_the_defaults_of_both_are_the_same():
    assert patience_from(Settings()) == Patience()
