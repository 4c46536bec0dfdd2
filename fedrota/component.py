"""What authors of components import: the decorator, and the context that a running component gets."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from fedrota.params import ParamsError, check_schema, object_schema, read_values

Payload = Any
"""What an exchange message may be: bytes, a numpy array, or JSON values (dict, list, str, number, None)."""

MARK: Final = "__fedrota_component__"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
KINDS: Final = ("table", "model", "file")


class InvalidInputError(Exception):
    """The component's input or parameters can never work: the task fails and is not tried again."""


class PeerError(Exception):
    """A message can never come: its sender has ended, never started, or cannot be reached."""


class CancelledError(BaseException):
    """The task is being stopped; let it pass through."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the step: the `position`-th party in `role`."""

    role: str
    party: str
    position: int

    @property
    def address(self) -> str:
        """The member as a job document's `overrides` and the exchange write it: "host.1"."""
        return f"{self.role}.{self.position}"


def get_member(members: Sequence[Member], address: str | Member) -> Member:
    """The member that `address` names: a role with exactly one member, "role.position", or a `Member`.

    InvalidInputError where there is none or more than one; the text lists the members there are.
    """
    if isinstance(address, Member):
        found = [member for member in members if member == address]
    else:
        found = [member for member in members if address in (member.address, member.role)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{member.address} (party {member.party})" for member in members)
    trouble = "names more than one member" if found else "names no member"
    raise InvalidInputError(f"{address!r} {trouble} of this step; its members are {known}")


class Exchange(Protocol):
    """Messages between the parties of one step, by name and round, encrypted from party to party.

    A peer is named by role ("host": needs exactly one), by "role.position" ("host.1"), or by its `Member`.
    Both sides name a message the same way; each (name, round) is sent once to a peer.
    """

    def send(self, to: str | Member, name: str, value: Payload, *, round: int = 0) -> None:
        """Send `value` to one peer; returns once it is buffered, waits where the peer is slow."""

    def recv(self, source: str | Member, name: str, *, round: int = 0, timeout_s: float | None = None) -> Payload:
        """Wait for a message from one peer; PeerError with the reason where it can never come."""

    def broadcast(self, role: str | None, name: str, value: Payload, *, round: int = 0) -> None:
        """Send `value` to every peer in `role` (None: to all peers)."""

    def gather(
        self, role: str | None, name: str, *, round: int = 0, timeout_s: float | None = None
    ) -> dict[Member, Payload]:
        """One message from every peer in `role` (None: from all peers)."""


class Output(Protocol):
    """A place for one output: write the file at `path`; `facts` are shown with it (rows, columns, ...)."""

    path: Path
    facts: dict[str, Any]


class Context(Protocol):
    """What a running component sees of its task."""

    job: str
    step: str
    attempt: int
    me: Member
    members: Sequence[Member]
    """Every member of the step, this one included, in the job document's order."""
    params: Mapping[str, Any]
    exchange: Exchange

    @property
    def workdir(self) -> Path:
        """An empty folder of this attempt, thrown away afterwards."""

    def peers(self, role: str | None = None) -> list[Member]:
        """The other members (of `role`, if given)."""

    def input(self, name: str) -> Path:
        """The file or folder that an input refers to; KeyError where the step has no such input."""

    def has_input(self, name: str) -> bool:
        """Whether the job document connects this input."""

    def table(self, name: str, *, namespace: str = "default") -> Path:
        """The Parquet file of a data table at this party; InvalidInputError where there is none."""

    def output(self, name: str, kind: str = "file") -> AbstractContextManager[Output]:
        """A place to write an output; kept where the block ends without an exception."""

    def log(self, message: str) -> None:
        """Write a line to the task's log, as `print` does."""

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Add a point to the curve `name` (`step`: round or epoch; None: a single figure)."""

    def progress(self, fraction: float) -> None:
        """Say how far the task is, from 0 to 1."""

    def summary(self, **values: Any) -> None:
        """Add figures to the task's summary (JSON values)."""

    @property
    def cancelled(self) -> bool:
        """Whether the task is to stop; a component that loops may look and return early."""


Body = Callable[[Context], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentInfo:
    """A registered component: its body and how it introduces itself."""

    name: str
    body: Body
    params: Mapping[str, Any]
    """JSON Schema (2020-12) of the parameters, an object schema with additionalProperties false."""
    summary: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    exchange: bool = False
    reusable: bool = False
    """The body keeps no state, so one warm process may run it again and again."""

    def read_params(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that the body gets: `given`, with defaults filled in.

        InvalidInputError lists everything in `given` that the schema does not allow. Whoever runs a body
        calls this first, although the gateway has checked the same schema at submission.
        """
        try:
            return read_values(self.params, given)
        except ParamsError as error:
            raise InvalidInputError(f"component {self.name!r}: {error}") from error


def component(  # noqa: PLR0913  one keyword per property of a component, as published
    name: str,
    *,
    params: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    roles: Sequence[str] = (),
    exchange: bool = False,
    reusable: bool = False,
) -> Callable[[Body], Body]:
    """Make a function a component called `name`.

    Args:
        name: what a job document's `component:` says; letters, digits, `_`, `-`.
        params: JSON Schema of each parameter by name; those without a `default` are required.
        inputs: kind of each input port (table, model, file); a job document may leave a port unconnected,
            so a body that cannot do without it says so.
        outputs: kind of each output port.
        roles: the roles that it knows; empty means any.
        exchange: its parties talk to each other, so they start together.
        reusable: its body keeps no state, so one process may run it again and again.

    ValueError where the description is wrong: a name or kind that is not allowed, a schema with an unknown
    type, a default that its own schema refuses.
    """
    _check_names(name, {**(inputs or {}), **(outputs or {})})
    schema = object_schema(params or {})
    check_schema(schema, where=name)

    def register(body: Body) -> Body:
        info = ComponentInfo(
            name=name,
            body=body,
            params=schema,
            summary=(inspect.getdoc(body) or "").partition("\n")[0],
            inputs=dict(inputs or {}),
            outputs=dict(outputs or {}),
            roles=tuple(roles),
            exchange=exchange,
            reusable=reusable,
        )
        setattr(body, MARK, info)
        return body

    return register


def _check_names(name: str, ports: Mapping[str, str]) -> None:
    for word in (name, *ports):
        if not NAME.fullmatch(word):
            raise ValueError(f"{word!r} is no name: use letters, digits, '_' and '-', at most 64")
    for port, kind in ports.items():
        if kind not in KINDS:
            raise ValueError(f"port {port!r} of component {name!r} is of kind {kind!r}: use {', '.join(KINDS)}")


def find_components(module: object) -> Iterator[ComponentInfo]:
    """The components among a module's attributes."""
    for value in vars(module).values():
        info = getattr(value, MARK, None)
        if isinstance(info, ComponentInfo):
            yield info
