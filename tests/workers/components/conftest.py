"""Sample data and a runner of whole job documents, for the tests of built-in components."""

import csv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from fedrota.component import ComponentInfo, Member
from fedrota.simulate import Simulation, simulate
from workers.components.catalog import list_builtin

ROOT = Path(__file__).parents[3]
PARTIES = {"guest": ["9999"], "host": ["10000", "10001"]}


@pytest.fixture
def examples() -> Path:
    return ROOT / "examples"


@pytest.fixture
def breast() -> Callable[[str, str], dict[str, list[Any]]]:
    """The columns of a party's sample table, numbers as numbers."""

    def read(party: str, table: str) -> dict[str, list[Any]]:
        with (ROOT / "examples" / "data" / party / f"{table}.csv").open() as file:
            header, *rows = csv.reader(file)
        columns: dict[str, list[Any]] = {
            name: list(cells) if name == "id" else [float(cell) for cell in cells]
            for name, cells in zip(header, zip(*rows, strict=True), strict=True)
        }
        return columns

    return read


def _params_of(step: Mapping[str, Any], member: Member) -> dict[str, Any]:
    """A member's parameters: the step's, and over them its role's and its own."""
    overrides = step.get("overrides", {})
    return step.get("params", {}) | overrides.get(member.role, {}) | overrides.get(member.address, {})


def _with_keys(step: Mapping[str, Any], info: ComponentInfo, key_bits: int) -> Mapping[str, Any]:
    keys = {"key_bits": key_bits} if "key_bits" in info.params["properties"] else {}
    return {**step, "params": {**keys, **step.get("params", {})}}


@pytest.fixture
def run_document(tmp_path: Path) -> Callable[..., Mapping[str, Simulation]]:
    """Runs every step of a job document in order, with the tables in examples/data and `key_bits` for all keys."""
    infos = {info.name: info for info in list_builtin()}

    def run(path: Path, *, key_bits: int = 2048) -> Mapping[str, Simulation]:
        document = yaml.safe_load(path.read_text())
        tables = {
            folder.name: {file.stem: file for file in folder.glob("*.csv")}
            for folder in (ROOT / "examples" / "data").iterdir()
            if folder.is_dir()
        }
        done: dict[str, Simulation] = {}
        for step in document["steps"]:
            sources = {port: source.split(".") for port, source in step.get("inputs", {}).items()}
            members = document["parties"]
            addresses = [f"{role}.{place}" for role, parties in members.items() for place in range(len(parties))]
            done[step["name"]] = simulate(
                infos[step["component"]],
                members,
                params=partial(_params_of, _with_keys(step, infos[step["component"]], key_bits)),
                tables=tables,
                inputs={
                    address: {
                        port: done[source][address].output(output)
                        for port, (source, output) in sources.items()
                        if output in done[source][address].outputs
                    }
                    for address in addresses
                },
                workdir=tmp_path / step["name"],
            )
        return done

    return run
