"""`fedrota parties` and `fedrota queues`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.markup import escape

from fedrota.cli.completion import PartyId
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_fields, print_json, print_json_list, print_line, print_next, print_table
from fedrota.cli.words import NOTHING, say_age, say_duration, say_facts
from fedrota.model import Party

LEFT_OUT: Final = "components_left_out"
"""The fact that holds the modules that the worker could not load, with the reasons."""

app = typer.Typer()
group = typer.Typer(help="The registered parties; without a subcommand: list them.")
app.add_typer(group, name="parties", rich_help_panel="Parties and data")


@group.callback(invoke_without_command=True)
@group.command("ls", hidden=True)
def list_parties(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the registered parties, offline ones too; subcommands show and change one."""
    if ctx.invoked_subcommand:
        return
    with connect(ctx) as client:
        found = list(client.parties())
    if as_json:
        print_json_list(found)
        return
    _print_parties(found)


def _print_parties(parties: Iterable[Party]) -> None:
    now = datetime.now(UTC)
    print_table(
        ["id", "~org", "state", ">slots", ">running", ">dispatched", ">waiting", "last seen", "~reason"],
        [
            [
                escape(party.id),
                escape(party.org or NOTHING),
                _say_state(party),
                f"{party.in_use}/{party.slots}",
                str(party.running),
                str(party.dispatched),
                str(party.waiting),
                say_age(party.last_seen, now),
                escape(party.reason),
            ]
            for party in parties
        ],
        empty="no parties yet: register one with `fedrota parties add ID`, or start some with `fedrota up`",
    )


def _say_state(party: Party) -> str:
    state = "[green]online[/]" if party.online else "[red]offline[/]"
    return f"{state}, [yellow]drained[/]" if party.drained else state


@group.command("show")
def show_party(ctx: typer.Context, party: PartyId, *, as_json: AsJson = False) -> None:
    """Show a party with the components that it offers."""
    with connect(ctx) as client:
        _report(client.party(party), as_json=as_json)


def _report(party: Party, *, as_json: bool) -> None:
    if as_json:
        print_json(party)
        return
    facts = dict(party.facts)
    left_out = facts.pop(LEFT_OUT, None) or {}
    print_fields(
        [
            ("id", escape(party.id)),
            ("org", escape(party.org or "")),
            ("state", _say_state(party)),
            ("reason", escape(party.reason)),
            ("slots", f"{party.in_use} of {party.slots} in use"),
            ("tasks", f"{party.running} running, {party.dispatched} dispatched, {party.waiting} waiting"),
            ("last seen", say_age(party.last_seen, datetime.now(UTC))),
            ("version", escape(party.version or "")),
            ("components", escape(", ".join(party.components))),
            *(("left out", f"{escape(module)}: {escape(str(reason))}") for module, reason in left_out.items()),
            ("facts", escape(say_facts(facts)) if facts else ""),
        ]
    )


@group.command("add")
def add_party(
    ctx: typer.Context,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="The new party's id.")],
    *,
    org: Annotated[str | None, typer.Option("--org", help="The organisation that it belongs to.")] = None,
    slots: Annotated[int | None, typer.Option("--slots", min=1, help="How many tasks it runs at once.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register a party."""
    with connect(ctx) as client:
        found = client.create_party(party, org=org, slots=slots)
    if as_json:
        print_json(found)
        return
    print_line(f"registered party {escape(found.id)} with {found.slots} slots; its worker needs a token:")
    print_next(f"fedrota tokens create worker-{found.id} --party {found.id}")


@group.command("drain")
def drain_party(ctx: typer.Context, party: PartyId, *, as_json: AsJson = False) -> None:
    """Send a party no new work; what runs there continues."""
    with connect(ctx) as client:
        _report(client.drain(party), as_json=as_json)


@group.command("resume")
def resume_party(ctx: typer.Context, party: PartyId, *, as_json: AsJson = False) -> None:
    """Send a drained party work again."""
    with connect(ctx) as client:
        _report(client.resume(party), as_json=as_json)


@group.command("slots")
def set_slots(
    ctx: typer.Context,
    party: PartyId,
    slots: Annotated[int, typer.Argument(metavar="N", min=1, help="How many tasks it runs at once.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Set how many tasks a party runs at once."""
    with connect(ctx) as client:
        _report(client.set_slots(party, slots), as_json=as_json)


@group.command("rm")
def remove_party(ctx: typer.Context, party: PartyId, *, as_json: AsJson = False) -> None:
    """Unregister a party."""
    with connect(ctx) as client:
        was_online = client.party(party).online
        client.delete_party(party)
    if as_json:
        print_json({"deleted": party})
        return
    print_line(f"party {escape(party)} is no longer registered")
    if was_online:
        print_line("its worker is still running and is refused from now on: stop it on the party's host")


@app.command(rich_help_panel="Parties and data")
def queues(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show each party's queue: knocks at the broker, consumers, tasks by state, the oldest, why they do not move."""
    with connect(ctx) as client:
        found = list(client.queues())
    if as_json:
        print_json_list(found)
        return
    print_table(
        [
            "party",
            "queue",
            ">knocks",
            ">consumers",
            ">waiting",
            ">dispatched",
            ">running",
            ">slots",
            ">oldest",
            "~reason",
        ],
        [
            [
                escape(each.party),
                escape(each.queue),
                _say_count(each.knocks),
                _say_count(each.consumers),
                str(each.waiting),
                str(each.dispatched),
                str(each.running),
                str(each.slots),
                say_duration(each.oldest_s),
                escape(each.reason),
            ]
            for each in found
        ],
        empty="no queues: no party is registered yet",
    )


def _say_count(count: int | None) -> str:
    return NOTHING if count is None else str(count)
