"""Parties that delete what they are told to, cannot, or are away."""

from types import SimpleNamespace

from api.agent.channel import CHANNEL_HUB
from api.discards import AT_ONCE, discard_files
from scheduler.domain.errors import UnreachableError
from scheduler.store.queries.tracking import OutputView, Where


class Hub:
    """Parties by name; those in `away` answer nothing."""

    def __init__(self, *away):
        self.away = away
        self.told = []

    async def call(self, party, op, args):
        if party in self.away:
            raise UnreachableError(party, f"party {party} is away")
        self.told.append((party, op, [(each["task"], each["seq"], each["name"]) for each in args["outputs"]]))


def output(party, name="data"):
    where = Where(step="s", role="guest", party=party, attempt=1, task=f"t{party}")
    return OutputView(where=where, seq=2, name=name, kind="table", size=1, sha256="", facts={})


def make_request(hub):
    return SimpleNamespace(app={CHANNEL_HUB: hub})


async def test_each_party_is_told_of_its_own_files():
    hub = Hub()
    assert await discard_files(make_request(hub), [output("1"), output("2"), output("1", "x")]) == {}
    assert hub.told == [
        ("1", "output.drop", [("t1", 2, "data"), ("t1", 2, "x")]),
        ("2", "output.drop", [("t2", 2, "data")]),
    ]


async def test_who_is_away_keeps_its_files_and_the_others_do_not():
    hub = Hub("1")
    assert await discard_files(make_request(hub), [output("1"), output("2")]) == {"1": "party 1 is away"}
    assert [party for party, _, _ in hub.told] == ["2"]


async def test_many_files_are_told_in_pieces():
    hub = Hub()
    await discard_files(make_request(hub), [output("1", f"o{number}") for number in range(AT_ONCE + 1)])
    assert [len(files) for _, _, files in hub.told] == [AT_ONCE, 1]


async def test_nothing_to_delete_asks_nobody():
    hub = Hub()
    assert await discard_files(make_request(hub), []) == {}
    assert hub.told == []
