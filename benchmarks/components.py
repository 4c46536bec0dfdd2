"""How long the heavy components take: all parties of a step in one process, with safe keys, on the sample data."""

import csv
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure
from fedrota.component import Body
from fedrota.simulate import simulate
from workers.components.hetero_lr import hetero_lr
from workers.components.hetero_secureboost import hetero_secureboost
from workers.components.homo_secureboost import homo_secureboost
from workers.components.intersection import intersection

DATA: Final = Path(__file__).parents[1] / "examples" / "data"
TWO: Final = {"guest": ["9999"], "host": ["10000"]}
THREE: Final = {"guest": ["9999"], "host": ["10000", "10001"]}
IDS: Final = 20_000
Inputs = Mapping[str, Mapping[str, Any]]


def measure_components() -> list[Figure]:
    """A figure for each component."""
    vertical, horizontal = _read_vertical(), _read_horizontal()
    lr = {"epochs": 5, "learning_rate": 0.5, "key_bits": 2048}
    trees = {"trees": 5, "max_depth": 3, "key_bits": 2048}
    return [
        _measure("hetero_lr, 5 epochs", hetero_lr, TWO, goal="20 s", params=lr, inputs=vertical),
        _measure("hetero_secureboost, 5 trees", hetero_secureboost, TWO, goal="60 s", params=trees, inputs=vertical),
        _measure("homo_secureboost, 5 trees", homo_secureboost, THREE, params={"trees": 5}, inputs=horizontal),
        _measure(f"intersection, {IDS} x {IDS} ids", intersection, TWO, goal="8 s", params={}, inputs=_make_ids()),
    ]


def _measure(name: str, body: Body, parties: Mapping[str, list[str]], *, goal: str = "", **run: Any) -> Figure:
    seconds = _time(lambda: simulate(body, parties, **run))
    rows = len(next(iter(next(iter(run["inputs"].values())).values()))["id"])
    detail = f"{sum(map(len, parties.values()))} parties in one process, {rows} rows each"
    return Figure(name=name, profile="component", value=seconds, unit="s", goal=goal, detail=detail)


def _time(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _read_vertical() -> Inputs:
    """The breast data with columns shared out, cut to the common samples in one order."""
    tables = {owner: _read(party, "breast_vertical_train") for owner, party in (("guest", "9999"), ("host", "10000"))}
    common = sorted(set(tables["guest"]["id"]) & set(tables["host"]["id"]))
    inputs = {}
    for owner, table in tables.items():
        places = {name: row for row, name in enumerate(table["id"])}
        rows = [places[name] for name in common]
        inputs[owner] = {"train": {name: [column[row] for row in rows] for name, column in table.items()}}
    return inputs


def _read_horizontal() -> Inputs:
    """The breast data with samples shared out."""
    owners = zip(("guest", "host.0", "host.1"), ("9999", "10000", "10001"), strict=True)
    return {owner: {"train": _read(party, "breast_train")} for owner, party in owners}


def _read(party: str, table: str) -> dict[str, list[Any]]:
    with (DATA / party / f"{table}.csv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    return {name: cells if name == "id" else [float(cell) for cell in cells] for name, cells in columns.items()}


def _make_ids() -> Inputs:
    """Two tables of ids of which half are common."""
    starts = {"guest": 0, "host": IDS // 2}
    return {
        owner: {"data": {"id": [f"person-{start + row}" for row in range(IDS)], "x": list(range(IDS))}}
        for owner, start in starts.items()
    }
