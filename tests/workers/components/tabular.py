"""Runs components that work on tables, for their tests."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fedrota.component import Body, InvalidInputError
from fedrota.simulate import Result, Simulation, simulate

ONE = {"guest": ["9999"]}
TWO = {"guest": ["9999"], "host": ["10000"]}
TRIO = {"guest": ["9999"], "host": ["10000"], "arbiter": ["7"]}


def run_one(component: Body, table: Any, *, model: Any = None, **params: Any) -> Result:
    """One party's run on the input `data`, and perhaps the `model` that an earlier result left."""
    inputs = {"data": table} | ({"model": model.output("model")} if model is not None else {})
    return simulate(component, ONE, params=params, inputs={"guest": inputs})["guest"]


def refuse_one(component: Body, table: Any, *, model: Any = None, **params: Any) -> str:
    """What the party is told."""
    with pytest.raises(InvalidInputError) as caught:
        run_one(component, table, model=model, **params)
    return str(caught.value)


def run_all(component: Body, members: Any, tables: Mapping[str, Any], **params: Any) -> Simulation:
    """All parties' run, each with its own input `data`."""
    inputs = {address: {"data": table} for address, table in tables.items()}
    return simulate(component, members, params=params, inputs=inputs)


def refuse_all(component: Body, members: Any, tables: Mapping[str, Any], **params: Any) -> str:
    """What the first party to give up is told."""
    with pytest.raises(InvalidInputError) as caught:
        run_all(component, members, tables, **params)
    return str(caught.value)


def read_model(result: Result) -> dict[str, Any]:
    """The JSON object in a result's model."""
    model: dict[str, Any] = json.loads(result.output("model").read_text())
    return model


def read_marks(result: Result, output: str = "data") -> dict[str, str]:
    """Which columns an output's file marks as id, label and weight."""
    import pyarrow.parquet

    marks = pyarrow.parquet.read_schema(result.output(output)).metadata or {}
    return {
        key.decode().removeprefix("fedrota."): column.decode()
        for key, column in marks.items()
        if key.startswith(b"fedrota.")
    }


def make_empty(*features: str) -> Any:
    """A table with these features and no rows."""
    import pyarrow as pa

    return {"id": pa.array([], pa.string()), **{name: pa.array([], pa.float64()) for name in features}}
