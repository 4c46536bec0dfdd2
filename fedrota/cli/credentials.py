"""What the commands about tokens and about app keys share: their options, and how a credential looks in a list."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.lengths import parse_length
from fedrota.cli.show import print_json, print_line
from fedrota.cli.words import NOTHING, say_age
from fedrota.model import ClientKey, Token

OrgOption = Annotated[str | None, typer.Option("--org", help="The organisation that it belongs to; default: yours.")]
ProjectOption = Annotated[str | None, typer.Option("--project", help="The project that it belongs to; default: yours.")]
ExpiresOption = Annotated[
    float | None,
    typer.Option(
        "--expires", metavar="TIME", parser=parse_length, help="How long it is valid, e.g. 30d; default: forever."
    ),
]

FIRST = ("~name", "role", "of", "created", "expires")
LAST = "state"


def list_first(item: Token | ClientKey) -> list[str]:
    """The cells of the columns FIRST."""
    now = datetime.now(UTC)
    party = item.party if isinstance(item, Token) else None
    return [
        escape(item.name),
        item.role or NOTHING,
        escape(party or item.org or NOTHING),
        say_age(item.created, now),
        say_age(item.expires, now) if item.expires else "never",
    ]


def say_standing(item: Token | ClientKey) -> str:
    """The cell of the column LAST: whether it is good for anything."""
    if item.revoked:
        return "[red]revoked[/]"
    return "[red]expired[/]" if item.expires and item.expires <= datetime.now(UTC) else "[green]good[/]"


def report_revoked(word: str, identity: str, *, as_json: bool) -> None:
    """Say that the credential is good for nothing from now on."""
    if as_json:
        print_json({"revoked": identity})
    else:
        print_line(f"revoked {word} {escape(identity)}")
