"""A request as a value: what to send, and how to read the reply."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Self, TypeVar
from urllib.parse import quote

import httpx

from fedrota.errors import FedrotaError
from fedrota.responses import Slice

T = TypeVar("T")
Query = tuple[tuple[str, str], ...]

ROOT: Final = "/fedrota/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request to the gateway; `repeatable` ones are sent again when the connection breaks."""

    method: str
    path: str
    parse: Callable[[httpx.Response], T]
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    repeatable: bool = False

    def arguments(self) -> dict[str, Any]:
        """What httpx wants to know of it."""
        given: dict[str, Any] = {
            "method": self.method,
            "url": ROOT + self.path,
            "headers": dict(self.headers),
        }
        if self.query:
            given["params"] = list(self.query)
        if self.body is not None:
            given["json"] = self.body
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCall(Call[Slice[T]]):
    """A request whose reply is a page of a list."""

    def after(self, cursor: str) -> Self:
        """The request for the page after this one's."""
        kept = tuple(pair for pair in self.query if pair[0] != "after")
        return replace(self, query=(*kept, ("after", cursor)))


def make_path(*parts: str) -> str:
    """A path whose parts may hold any character; FedrotaError for what would make it another path."""
    for part in parts:
        if part in {"", ".", ".."}:
            how = f"{part!r}: no id or name is that" if part else "empty: is a variable of the shell unset?"
            raise FedrotaError(f"an id or a name for /{parts[0]} is {how}")
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def make_query(**values: Any) -> Query:
    """Query pairs without those that are None; sequences repeat their name."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        many = value if isinstance(value, (list, tuple)) else (value,)
        pairs.extend((name, _render(each)) for each in many if each is not None)
    return tuple(pairs)


def _render(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def get(path: str, parse: Callable[[httpx.Response], T], query: Query = ()) -> Call[T]:
    """A reading request: it may be repeated."""
    return Call(method="GET", path=path, parse=parse, query=query, repeatable=True)


def get_list(path: str, parse: Callable[[httpx.Response], Slice[T]], query: Query = ()) -> ListCall[T]:
    """A reading request for a list."""
    return ListCall(method="GET", path=path, parse=parse, query=query, repeatable=True)
