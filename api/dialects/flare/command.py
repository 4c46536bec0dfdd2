"""A command, how it comes, what it answers; three doors lead to it: the session's, the text listener's, the bridge's."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from scheduler.domain.access import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command as it came: who calls, its words after the name, its properties, its upload if it has one."""

    app: web.Application
    by: Principal
    words: Sequence[str]
    props: dict[str, Any] = field(default_factory=dict)
    upload: AsyncIterator[bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command answers: items as FLARE's wire has them (`{"type", "data"}`), the meta, and a download."""

    items: Sequence[dict[str, Any]] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    download: AsyncIterator[bytes] | None = None


Serve = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command; `client_cmd` names the client's own handler for those that move files."""

    name: str
    scope: str
    serve: Serve
    usage: str
    client_cmd: str | None = None
    is_visible: bool = True
