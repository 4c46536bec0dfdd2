"""What every command gets from the options before it: the gateway and the token."""

from dataclasses import dataclass, field
from typing import Annotated

import typer

from fedrota.client import Client
from fedrota.connection import DEFAULT_TIMEOUT_S

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


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
