"""Uploads as `data/upload/history` lists them."""

from collections.abc import Mapping
from typing import Any

from scheduler.store.queries.data_tables import DataTable


def render_upload(job: str, params: Mapping[str, Any], table: DataTable | None) -> dict[str, Any]:
    """One upload by its job's id; a table that is gone since has no count."""
    rows = table.rows if table is not None else 0
    return {
        job: {
            "upload_info": {
                "table_name": params.get("name"),
                "namespace": params.get("namespace"),
                "partition": params.get("partition"),
                "upload_count": rows,
                "actual_count": rows,
            },
            "notes": params.get("notes", ""),
            "schema": render_schema(table) if table is not None else {},
            "meta": dict(params.get("meta") or {}),
        }
    }


def render_schema(table: DataTable) -> dict[str, Any]:
    """A table's schema in FATE's words: the name of the id column, the others' with the delimiter between."""
    names = [str(column["name"]) for column in table.columns]
    sid = str(table.facts.get("id_column") or (names[0] if names else ""))
    delimiter = str(table.facts.get("id_delimiter") or ",")
    own = dict(table.facts.get("schema") or {})
    meta = table.facts.get("meta")
    header = delimiter.join(name for name in names if name != sid)
    return {**own, "header": header, "sid": sid} | ({"meta": meta} if meta else {})
