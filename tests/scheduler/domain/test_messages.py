"""Knocks on the wire."""

from scheduler.domain.messages import CHANNEL_PATH, HELLO_PATH, SYNC_PATH, Knock


def test_a_knock_is_a_pair_with_a_mark_where_a_slot_is_kept_for_it():
    assert Knock("t", 3).to_wire() == ["t", 3]
    assert Knock("t", 3, held=True).to_wire() == ["t", 3, 1]


def test_workers_are_served_under_one_prefix():
    assert all(path.startswith("/fedrota/v1/agent/") for path in (HELLO_PATH, SYNC_PATH, CHANNEL_PATH))
