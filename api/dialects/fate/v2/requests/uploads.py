"""What an upload of FATE 2.x asks for, in the words of FATE 1.x's."""

from dataclasses import replace
from typing import Any, Final

from api.dialects.fate.requests.members import Members, read_flag, read_object, read_text
from api.dialects.fate.requests.uploads import Upload, parse_upload
from scheduler.service.ids import new_definition_id

NAMESPACE: Final = "upload"
"""Where a table lies that a request gives no namespace."""


def parse_flow_upload(members: Members, *, is_form: bool = False, lies_there: bool = False) -> Upload:
    """The upload; `meta` says which columns are id and label.

    Samples are matched by `meta.match_id_name`, so row ids (`extend_sid`) are made only where no column is named.
    """
    del is_form
    meta = read_object(members, "meta")
    named = read_text(meta, "match_id_name") or read_text(meta, "sample_id_name")
    given: dict[str, Any] = {
        "namespace": members.get("namespace") or NAMESPACE,
        "name": members.get("name") or new_definition_id(32),
        "head": members.get("head"),
        "partition": members.get("partitions"),
        "party_id": members.get("party_id"),
        "file": members.get("file"),
        "meta": meta,
        "with_meta": True,
        "extend_sid": False if named else read_flag(members, "extend_sid"),
    }
    return replace(parse_upload(given, lies_there=lies_there), id_column=named)
