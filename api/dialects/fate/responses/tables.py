"""Tables as FATE's clients read them."""

from collections.abc import Sequence
from typing import Any

from api.dialects.fate.requests.members import TableName
from api.dialects.fate.responses.uploads import render_schema
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.queries.tracking import OutputView


def render_name(table: TableName) -> dict[str, str]:
    """A table's address."""
    return {"table_name": table.name, "namespace": table.namespace}


def render_missing(table: TableName) -> dict[str, Any]:
    """What `table_info` says of a table that is not there."""
    nothing = {"partition": None, "schema": None, "enable": False, "origin": None, "extend_sid": False, "address": None}
    return {**render_name(table), "exist": 0, "count": 0, **nothing}


def render_table(tables: Sequence[DataTable]) -> dict[str, Any]:
    """What `table_info` says of a table; where several parties have one of that name, of the first one's."""
    first = tables[0]
    return {
        **render_name(TableName(first.namespace, first.name)),
        "exist": 1,
        "count": first.rows,
        "partition": first.facts.get("partition", 1),
        "schema": render_schema(first),
        "enable": not first.is_disabled,
        "origin": "upload" if first.facts.get("file") else "table",
        "extend_sid": first.facts.get("extend_sid") is True,
        "address": {"party_id": first.party, "namespace": first.namespace, "name": first.name},
        "parties": [table.party for table in tables],
    }


def render_output(table: TableName, output: OutputView, columns: Sequence[str]) -> dict[str, Any]:
    """What `table_info` says of a table that a task wrote."""
    where = output.where
    sid, *header = columns or [""]
    return {
        **render_name(table),
        "exist": 1,
        "count": output.facts.get("rows", 0),
        "partition": 1,
        "schema": {"sid": sid, "header": ",".join(header)},
        "enable": True,
        "origin": "output",
        "extend_sid": False,
        "address": {"party_id": where.party, "task_id": where.task, "name": output.name},
        "parties": [where.party],
    }
