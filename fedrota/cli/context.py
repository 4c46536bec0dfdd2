"""What every command gets from the options before it: the gateway and the token."""

from dataclasses import dataclass, field
from typing import Annotated

import typer

from fedrota.client import Client
from fedrota.connection import DEFAULT_TIMEOUT_S


def check_labels(given: list[str] | None) -> list[str] | None:
    """The labels themselves; typer.BadParameter for one without a value."""
    for label in given or []:
        if not label.partition("=")[1]:
            raise typer.BadParameter(f"{label!r} is no label: write --label KEY=VALUE")
    return given


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
LabelOption = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="KEY=VALUE", callback=check_labels, help="Only jobs with this label."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which gateway, as whom."""

    url: str | None = None
    token: str | None = field(default=None, repr=False)
    timeout_s: float = DEFAULT_TIMEOUT_S


def connect(ctx: typer.Context) -> Client:
    """A client for the gateway that the options name."""
    target = ctx.obj if isinstance(ctx.obj, Target) else Target()
    return Client(target.url, target.token, timeout_s=target.timeout_s)
