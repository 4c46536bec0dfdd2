"""What an upload asks for, in whichever of the four ways a client sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from api.bodies import parse_json
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.members import (
    Members,
    TableName,
    check_present,
    parse_table,
    read_flag,
    read_number,
    read_object,
    read_party,
    read_text,
)

EXTEND_SID: Final = "extend_sid"
"""FATE's name of the column of row ids that an upload may add."""
MAX_PARTITIONS: Final = 1 << 20
MAX_FIELDS: Final = 100
_TABS: Final = {"\\t": "\t", "tab": "\t"}


class IfThere(StrEnum):
    """What becomes of a table that lies there already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    APPEND = "append"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A table that is to be stored; `file` names it to people, or at the party where `lies_there`."""

    table: TableName
    party: str
    file: str
    lies_there: bool
    if_there: IfThere
    partition: int
    has_header: bool
    delimiter: str
    columns: tuple[str, ...] = ()
    extends_sid: bool = False
    counts_sid: bool = False
    id_column: str = ""
    """The column that names samples, where the request says which."""
    schema: Mapping[str, Any]
    meta: Mapping[str, Any]

    @property
    def args(self) -> dict[str, Any]:
        """The arguments of the party's `table.put`."""
        csv = {
            "delimiter": self.delimiter,
            "header": self.has_header,
            "columns": list(self.columns),
            "row_id": EXTEND_SID if self.extends_sid else "",
            "counts": self.counts_sid,
            "first_is_id": True,
        }
        return {
            "format": "csv",
            "csv": csv,
            "replace": self.if_there is IfThere.REPLACE,
            "append": self.if_there is IfThere.APPEND,
            "label_column": str(self.meta.get("label_name") or ""),
            **({"id_column": self.id_column} if self.id_column else {}),
        }

    @property
    def facts(self) -> dict[str, Any]:
        """What is kept of the upload with its table."""
        found: dict[str, Any] = {
            "partition": self.partition,
            "head": self.has_header,
            "id_delimiter": self.delimiter,
            "extend_sid": self.extends_sid,
            "auto_increasing_sid": self.counts_sid,
            "file": self.file,
        }
        return found | {key: dict(value) for key, value in (("schema", self.schema), ("meta", self.meta)) if value}


def parse_query(raw: str) -> dict[str, Any]:
    """The members in a raw query string: url-encoded pairs (1.5.0), or one JSON document, percent-encoded (since)."""
    whole = unquote(raw, errors="replace")
    if not whole.lstrip().startswith("{"):
        try:
            return dict(parse_qsl(raw, keep_blank_values=True, max_num_fields=MAX_FIELDS))
        except ValueError as wrong:
            raise FateError(RetCode.ARGUMENT, f"the query string has more than {MAX_FIELDS} fields") from wrong
    given = parse_json(whole.encode())
    if not isinstance(given, dict):
        raise FateError(RetCode.ARGUMENT, "the query string must be a JSON object")
    return given


def parse_upload(members: Members, *, is_form: bool = False, lies_there: bool = False) -> Upload:
    """The upload; `is_form` says that the members came as form fields, in which a literal 0 under `drop` appends.

    FateError (100) names missing members, (101) those that are wrong.
    """
    check_present(members, "head", "partition", *(["file"] if lies_there else []))
    extends = read_flag(members, "extend_sid")
    has_header = read_flag(members, "head")
    schema = read_object(members, "schema")
    meta = read_object(members, "meta") if read_flag(members, "with_meta") else {}
    delimiter = _read_delimiter(members, meta)
    return Upload(
        table=parse_table(members),
        party=read_party(members),
        file=read_text(members, "file"),
        lies_there=lies_there,
        if_there=_read_drop(members, is_form=is_form),
        partition=read_number(members, "partition", default=1, least=1, most=MAX_PARTITIONS),
        has_header=has_header,
        delimiter=delimiter,
        columns=() if has_header else _list_columns(schema, delimiter, extends=extends),
        extends_sid=extends,
        counts_sid=extends and read_flag(members, "auto_increasing_sid"),
        schema=schema,
        meta=meta,
    )


def _read_drop(members: Members, *, is_form: bool) -> IfThere:
    """Clients of 1.5 and 1.6 turn a 0 into 2, and JSON's 0 means nothing was asked for: both must not lose a table."""
    given = members.get("drop")
    if given in (1, "1", True, "true"):
        return IfThere.REPLACE
    return IfThere.APPEND if is_form and given == "0" else IfThere.REFUSE


def _read_delimiter(members: Members, meta: Members) -> str:
    given = read_text(members, "id_delimiter") or read_text(members, "delimiter") or read_text(meta, "delimiter", ",")
    return _TABS.get(given, given) or ","


def _list_columns(schema: Members, delimiter: str, *, extends: bool) -> tuple[str, ...]:
    """The names that a schema gives a file without a header; the made-up row ids are no column of the file."""
    header, sid = schema.get("header") or [], schema.get("sid")
    names = header.split(delimiter) if isinstance(header, str) else header
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise FateError(RetCode.ARGUMENT, "schema.header must be a text of names with the delimiter between, or a list")
    own = [name.strip() for name in names if name.strip()]
    return tuple([*([str(sid)] if sid and not extends else []), *own] if own else ())
