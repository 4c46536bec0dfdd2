from dataclasses import replace
from datetime import UTC, datetime

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.monitor.state import PartyState, find_lengths
from scheduler.domain.model import Party
from scheduler.store.queries.parties import Load

PARTY = Party(
    id="9999", org="", slots=2, drained=False, created=datetime.now(UTC), last_seen=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    agent="a", version="1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("party", "load", "is_online", "said"),
    [
        (PARTY, Load(), True, ""),
        (replace(PARTY, last_seen=None), Load(), False, "never connected"),
        (PARTY, Load(), False, "2026-01-02 03:04:05Z"),
        (replace(PARTY, drained=True), Load(), True, "drained"),
        (PARTY, Load(in_use=2), True, "2 of 2 slots"),
    ],
)
def test_why_a_party_takes_no_work(party, load, is_online, said):
    reason = PartyState(party=party, load=load, components=(), is_online=is_online).reason
    assert said in reason
    assert bool(reason) == bool(said)


def test_a_broker_that_does_not_answer_is_no_error():
    gone = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
    assert find_lengths(gone, ["9999"]) == {}
    assert find_lengths(gone, []) == {}
