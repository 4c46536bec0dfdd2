"""Times and JSON mean the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from scheduler.store.columns import from_epoch, to_epoch, to_json
from scheduler.store.tables.parties import PartyRow


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_survives_to_the_microsecond(at):
    assert abs(from_epoch(to_epoch(at)) - at) <= timedelta(microseconds=1)


def test_no_time_stays_none_and_every_zone_becomes_utc():
    assert from_epoch(None) is None
    east = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert from_epoch(to_epoch(east)) == east
    assert from_epoch(to_epoch(east)).tzinfo is UTC


def test_values_come_back_from_the_database_as_they_were(store):
    at = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
    facts = {"ä": [1, 2.5, None, True, {"x": ""}], "big": 2**60}
    with store.write() as tx:
        tx.session.add(PartyRow(id="x", org="o", slots=1, created=at, facts=facts))
    with store.read() as tx:
        row = tx.session.get(PartyRow, "x")
        assert (row.created, row.facts, row.last_seen) == (at, facts, None)
        assert row.created.tzinfo is UTC


def test_json_is_compact_text():
    assert to_json({"a": [1, "ä"]}) == '{"a":[1,"ä"]}'
