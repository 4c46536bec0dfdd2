"""Readers of what an earlier job left: their tables have the addresses of outputs, so there is nothing to read in."""

from collections.abc import Mapping

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.output_tables import find_address
from api.dialects.fate.vocabulary.roles import Cast
from scheduler.domain.references import Reference

READER = "Reader"


def list_stored(casts: Mapping[str, Cast], modules: Mapping[str, Module]) -> dict[str, Reference]:
    """Reader -> the output that it stands for; each party reads its own part of it.

    FateError (103) where its parties name different ones, or only some of them an output.
    """
    found: dict[str, Reference] = {}
    for name, cast in casts.items():
        named = {_find_output(params) for params in cast.given.values()} if modules[name].name == READER else {None}
        if named == {None} or not named:
            continue
        reference = next(iter(named))
        if len(named) > 1 or reference is None:
            raise FateError(
                RetCode.OPERATING,
                f"Component {name}: all parties read tables of their own, or the same output of one earlier component",
            )
        found[name] = reference
    return found


def _find_output(params: Mapping[str, object]) -> Reference | None:
    table = params.get("table")
    if not isinstance(table, Mapping):
        return None
    address = find_address(str(table.get("namespace", "")), str(table.get("name", "")))
    return None if address is None else address.reference
