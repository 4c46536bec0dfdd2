import pytest

from workers.executors.iflearner_command import pick_address
from workers.executors.iflearner_status import PartyProgress, fetch_status, parse_status

ROW = {"ready": True, "complete": False, "current_epoch": 2, "total_epoch": 4}


def test_ready_parties_are_read_and_nonsense_is_left_out():
    found = parse_status(
        {"a": ROW, "b": {**ROW, "ready": False}, "c": 7, "d": {"ready": True}, "e": {**ROW, "total_epoch": "4"}}
    )
    assert found == {"a": PartyProgress(**ROW)}
    assert found["a"].render() == ROW


@pytest.mark.parametrize(
    ("change", "fraction"),
    [
        ({}, 0.25),
        ({"complete": True}, 1.0),
        ({"current_epoch": 0}, 0.0),
        ({"current_epoch": 9}, 1.0),
        ({"total_epoch": 0}, 1.0),
    ],
)
def test_the_fraction_counts_finished_epochs(change, fraction):
    assert PartyProgress(**{**ROW, **change}).fraction == fraction


def test_an_aggregator_that_is_not_there_gives_nothing():
    assert fetch_status(pick_address("127.0.0.1")) is None
