"""The requests about the data tables that lie at parties."""

from collections.abc import Mapping
from typing import Any, Final

from fedrota.model import Preview, Table
from fedrota.requests.call import Call, ListCall, get, get_list, make_path, make_query
from fedrota.responses import many, one, parse_nothing

PARQUET: Final = "application/vnd.apache.parquet"
CSV: Final = "text/csv"


def tables(*, party: str | None = None, namespace: str | None = None, limit: int | None = None) -> ListCall[Table]:
    """List the data tables at the parties."""
    return get_list("/tables", many(Table), make_query(party=party, namespace=namespace, limit=limit))


def table(party: str, name: str, *, namespace: str = "default") -> Call[Table]:
    """Get one table by name."""
    return get(make_path("parties", party, "tables", name), one(Table), make_query(namespace=namespace))


def preview_table(
    party: str, name: str, *, namespace: str = "default", offset: int = 0, limit: int = 20
) -> Call[Preview]:
    """Read some rows of a table."""
    query = make_query(namespace=namespace, offset=offset, limit=limit)
    return get(make_path("parties", party, "tables", name, "preview"), one(Preview), query)


def delete_table(party: str, name: str, *, namespace: str = "default") -> Call[None]:
    """Delete a table at its party."""
    path = make_path("parties", party, "tables", name)
    return Call(method="DELETE", path=path, query=make_query(namespace=namespace), parse=parse_nothing)


def put_table(party: str, name: str, options: Mapping[str, Any], *, content_type: str, size: int | None) -> Call[Table]:
    """The request that carries a table's bytes, which its sender adds; `size` is in bytes, None where unknown."""
    headers = {"Content-Type": content_type}
    if size is not None:
        headers["Content-Length"] = str(size)
    path = make_path("parties", party, "tables", name)
    return Call(method="PUT", path=path, query=make_query(**options), headers=headers, parse=one(Table))
