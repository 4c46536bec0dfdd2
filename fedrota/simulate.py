"""Runs a component for several parties in one process, a thread per member, for authors' tests and trials."""

import json
import math
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fedrota.board import Address, Board, MemoryExchange, Message, list_peers, to_plain
from fedrota.component import MARK, Body, ComponentInfo, Exchange, InvalidInputError, Member, get_member

Columns = Mapping[str, Sequence[Any]]
Source = Path | str | Columns
"""A file (CSV or Parquet for tables), or the columns of a table by name."""


@dataclass(slots=True, kw_only=True)
class OutputFile:
    """One output of a simulated run: where it lies, its kind, and the facts that the component gave."""

    path: Path
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one member's run left behind."""

    member: Member
    outputs: dict[str, OutputFile] = field(default_factory=dict)
    metrics: dict[str, list[tuple[int | None, float]]] = field(default_factory=dict)
    """Points (step, value) of each curve, in the order they were logged."""
    summary: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    progress: list[float] = field(default_factory=list)
    folder: "Folder | None" = field(default=None, repr=False)
    """Keeps the files while this result is in use."""

    def output(self, name: str) -> Path:
        """The file or folder of an output; KeyError where the component wrote none of that name."""
        return self.outputs[name].path

    def read_table(self, name: str) -> dict[str, list[Any]]:
        """The columns of a table output, as lists."""
        import pyarrow.parquet

        columns: dict[str, list[Any]] = pyarrow.parquet.ParquetFile(self.output(name)).read().to_pydict()
        return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation(Mapping[str, Result]):
    """The result of each member, by "role.position"; a role with one member and a `Member` are keys too.

    Where no `workdir` was given, the outputs are deleted once no result is in use any more.
    """

    results: Mapping[Member, Result]
    messages: Sequence[Message]
    """Every exchange message, in the order of sending."""

    def __getitem__(self, address: Address) -> Result:
        return self.results[get_member(list(self.results), address)]

    def __iter__(self) -> Iterator[str]:
        return iter(member.address for member in self.results)

    def __len__(self) -> int:
        return len(self.results)


def simulate(
    component: Body | ComponentInfo,
    members: Mapping[str, Sequence[str]],
    *,
    params: Mapping[str, Any] | Callable[[Member], Mapping[str, Any]] | None = None,
    tables: Mapping[str, Mapping[str, Source]] | None = None,
    inputs: Mapping[str, Mapping[str, Source]] | None = None,
    workdir: Path | None = None,
) -> Simulation:
    """Run a component for all `members` at once and return what each of them left behind.

    Args:
        component: a function marked with `@component`, or its description.
        members: role -> party ids, as `parties` in a job document.
        params: for every member, or a function from the member to its own.
        tables: party -> table name ("namespace/name" outside the default namespace) -> file or columns.
        inputs: member ("host.1"; or "guest" where there is one) -> input port -> file or columns.
        workdir: where files are kept; by default a temporary folder that goes with the results.

    The first exception in any member's body is raised here, with the member named in a note; the others are
    stopped as a failed step stops its parties. Members that all wait for each other get a `PeerError`.
    """
    info = _find_info(component)
    everyone = _list_members(info, members)
    board = Board(everyone)
    folder = Folder(workdir)
    site = _Site(info=info, members=everyone, board=board, folder=folder, tables=tables or {})
    params_of = params if callable(params) else lambda _member: params or {}
    contexts = [_make_context(site, member, params_of(member), inputs or {}) for member in everyone]
    simulation = Simulation(results={each.me: each.result for each in contexts}, messages=board.messages)
    with ThreadPoolExecutor(max_workers=len(contexts)) as threads:
        for each in contexts:
            threads.submit(_run_body, info.body, each, board)
    if board.failure is not None:
        raise board.failure
    return simulation


class Folder:
    """A folder for a simulation's files; a temporary one is deleted together with this object."""

    def __init__(self, given: Path | None) -> None:
        self.path = given or Path(tempfile.mkdtemp(prefix="fedrota-simulate-"))
        if given is None:
            weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def _find_info(component: Body | ComponentInfo) -> ComponentInfo:
    info = component if isinstance(component, ComponentInfo) else getattr(component, MARK, None)
    if isinstance(info, ComponentInfo):
        return info
    raise TypeError(f"{component!r} is no component: mark the function with @component(name)")


def _list_members(info: ComponentInfo, members: Mapping[str, Sequence[str]]) -> list[Member]:
    foreign = sorted(set(members) - set(info.roles)) if info.roles else []
    if foreign:
        raise InvalidInputError(f"component {info.name!r} knows no role {foreign[0]!r}, only {', '.join(info.roles)}")
    listed = [
        Member(role, str(party), position)
        for role, parties in members.items()
        for position, party in enumerate(parties)
    ]
    if not listed:
        raise InvalidInputError('a step needs at least one member: give members={"guest": ["9999"]}')
    return listed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """What all members of a simulation share."""

    info: ComponentInfo
    members: list[Member]
    board: Board
    folder: Folder
    tables: Mapping[str, Mapping[str, Source]]


def _make_context(
    site: _Site, me: Member, params: Mapping[str, Any], inputs: Mapping[str, Mapping[str, Source]]
) -> "_Context":
    folder = site.folder.path / me.address
    mine = [ports for address, ports in inputs.items() if get_member(site.members, address) == me]
    paths = {
        port: _place(source, folder / "inputs" / port, kind=site.info.inputs.get(port, "file"))
        for ports in mine
        for port, source in ports.items()
    }
    (folder / "work").mkdir(parents=True, exist_ok=True)
    return _Context(site, me, params=site.info.read_params(params), inputs=paths)


def _run_body(body: Body, context: "_Context", board: Board) -> None:
    try:
        body(context)
    finally:
        board.end(context.me, sys.exception())


def _place(source: Source, target: Path, *, kind: str) -> Path:
    """The file for an input or a table: as it is, or written from columns or CSV as Parquet at `target`."""
    if isinstance(source, str | Path) and not (kind == "table" and str(source).endswith(".csv")):
        return Path(source)
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet

    table = pyarrow.csv.read_csv(source) if isinstance(source, str | Path) else pyarrow.table(dict(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table, target)
    return target


class _Context:
    """The `Context` of one simulated member."""

    job = "simulation"
    attempt = 1

    def __init__(self, site: _Site, me: Member, *, params: Mapping[str, Any], inputs: Mapping[str, Path]) -> None:
        self.step = site.info.name
        self.me = me
        self.members: Sequence[Member] = tuple(site.members)
        self.params: Mapping[str, Any] = params
        self.exchange: Exchange = MemoryExchange(site.board, me, site.members)
        self.workdir = site.folder.path / me.address / "work"
        self.result = Result(member=me, folder=site.folder)
        self._site = site
        self._inputs = inputs

    def peers(self, role: str | None = None) -> list[Member]:
        return list_peers(self.members, self.me, role)

    def input(self, name: str) -> Path:
        return self._inputs[name]

    def has_input(self, name: str) -> bool:
        return name in self._inputs

    def table(self, name: str, *, namespace: str = "default") -> Path:
        here = self._site.tables.get(self.me.party, {})
        key = name if namespace == "default" else f"{namespace}/{name}"
        if key not in here:
            known = f"its tables are {', '.join(sorted(here))}" if here else "it has no tables"
            raise InvalidInputError(f"party {self.me.party} has no table {key!r}; {known}")
        return _place(here[key], self.workdir.parent / "tables" / f"{key}.parquet", kind="table")

    @contextmanager
    def output(self, name: str, kind: str = "file") -> Iterator[OutputFile]:
        path = self.workdir.parent / "outputs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        output = OutputFile(path=path, kind=kind)
        yield output
        self.result.outputs[name] = output

    def log(self, message: str) -> None:
        self.result.log.append(str(message))

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        if not math.isfinite(value):
            self.log(f"metric {name} at step {step} is {value}: not finite, so it is not kept")
            return
        self.result.metrics.setdefault(name, []).append((step, float(value)))

    def progress(self, fraction: float) -> None:
        self.result.progress.append(fraction)

    def summary(self, **values: Any) -> None:
        text = json.dumps(values, default=to_plain)
        # NaN and infinity are no JSON; the worker keeps null in their place too.
        self.result.summary.update(json.loads(text, parse_constant=lambda _name: None))

    @property
    def cancelled(self) -> bool:
        """A member is to stop once another one has failed."""
        return self._site.board.failure is not None
