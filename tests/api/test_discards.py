"""Parties that delete what they are told to, cannot, or are away."""

import asyncio
from types import SimpleNamespace

from api import discards
from api.agent.channel import CHANNEL_HUB
from api.discards import AT_ONCE, discard_files, discard_for_ever, discard_tasks
from api.keys import READER, WRITER
from scheduler.domain.errors import BusyError, UnreachableError
from scheduler.store.queries.discards import list_discards
from scheduler.store.queries.tracking import OutputView, Where
from workers.channel import Channel, Orders, make_url
from workers.task_files.discards import make_discard_ops
from workers.workdir import Workdir


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


# --- what removed jobs left ---


class TaskHub:
    """Parties that are here, those of them that refuse, and what they were told."""

    def __init__(self, *here, refusing=()):
        self.here, self.refusing = here, refusing
        self.told = []

    async def is_connected(self, party):
        return party in self.here

    async def call(self, party, op, args):
        if party in self.refusing:
            raise UnreachableError(party, f"party {party} knows no {op}")
        self.told.append((party, op, args["tasks"]))


async def remove_job(gateway):
    """The tasks of a job that ran and was deleted, by party."""
    job = await gateway.submit()
    await gateway.run_tasks()
    assert (await gateway.call("DELETE", f"/jobs/{job}")).status == 204
    return await list_left(gateway)


async def list_left(gateway):
    read = gateway.app[READER].read
    return {party: await read(lambda tx, p=party: list_discards(tx, p, limit=9)) for party in ("9999", "10000")}


def make_app(gateway, hub):
    return {READER: gateway.app[READER], WRITER: gateway.app[WRITER], CHANNEL_HUB: hub}


async def test_parties_that_are_here_delete_what_a_deleted_job_left_the_others_later(gateway):
    left = await remove_job(gateway)
    assert [len(tasks) for tasks in left.values()] == [1, 1]
    hub = TaskHub("9999")
    await discard_tasks(make_app(gateway, hub))
    assert hub.told == [("9999", "task.drop", left["9999"])]
    assert await list_left(gateway) == {"9999": [], "10000": left["10000"]}
    hub.here = ("9999", "10000")
    await discard_tasks(make_app(gateway, hub))
    assert hub.told[1:] == [("10000", "task.drop", left["10000"])]


async def test_a_party_that_refuses_holds_up_nobody_and_is_asked_again(gateway):
    left = await remove_job(gateway)
    await discard_tasks(make_app(gateway, TaskHub("9999", "10000", refusing=("10000",))))
    assert await list_left(gateway) == {"9999": [], "10000": left["10000"]}


async def test_a_real_party_deletes_files_and_logs_without_being_asked_twice(gateway, tmp_path, monkeypatch):
    workdir = Workdir(tmp_path / "party", "9999")
    workdir.prepare()
    job = await gateway.submit()
    task = next(task for task in await gateway.run_tasks() if task.endswith("-0"))
    for file in (workdir.output(task, 1, "data"), workdir.log(task, 1)):
        file.parent.mkdir(parents=True)
        file.write_text("x")
    url = make_url(str(gateway.server.make_url("/")), takes_knocks=False)
    orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
    channel = Channel(url, gateway.tokens["worker-9999"], orders=orders, ops=make_discard_ops(workdir))
    monkeypatch.setattr(discards, "LOOK_S", 0.02)
    running = [asyncio.create_task(channel.run()), asyncio.create_task(discard_for_ever(gateway.app))]
    assert (await gateway.call("DELETE", f"/jobs/{job}")).status == 204
    async with asyncio.timeout(60):
        while (await list_left(gateway))["9999"]:
            await asyncio.sleep(0.02)
    assert list(workdir.root.glob("outputs/*")) == list(workdir.root.glob("logs/*")) == []
    for chore in running:
        chore.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_a_gateway_that_is_too_busy_to_look_for_what_is_to_be_deleted_looks_again(gateway, monkeypatch):
    looks = []

    async def refuse(_query):
        looks.append(1)
        raise BusyError("too many reads are waiting")

    monkeypatch.setattr("api.discards.LOOK_S", 0.001)
    monkeypatch.setattr(gateway.app[READER], "read", refuse)
    chore = asyncio.create_task(discard_for_ever(gateway.app))
    async with asyncio.timeout(60):
        while len(looks) < 3 and not chore.done():
            await asyncio.sleep(0.001)
    assert not chore.done()
    chore.cancel()
    await asyncio.gather(chore, return_exceptions=True)
