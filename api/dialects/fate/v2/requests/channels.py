"""The inputs of a DAG's tasks: outputs of other tasks, stored tables, models of earlier jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.conf import parse_party, read_object
from api.dialects.fate.vocabulary.fate_job import Member
from scheduler.domain.model import JsonObject

TASK: Final = "task_output_artifact"
TABLE: Final = "data_warehouse"
MODEL: Final = "model_warehouse"
KINDS: Final = {"data": (TASK, TABLE), "model": (TASK, MODEL)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One artifact that comes in under `key`, at the members named (none: at all)."""

    kind: str
    """data or model."""
    key: str
    source: str
    """Where from: one of 2.x's three words for it."""
    task: str = ""
    output: str = ""
    namespace: str = ""
    name: str = ""
    model: tuple[str, str] = ("", "")
    """Id and version of a model, empty where the job's conf names it."""
    members: frozenset[Member] = frozenset()


def parse_channels(task: str, inputs: JsonObject) -> Iterator[Channel]:
    """The channels of a task in the order written; FateError (103) names the one that is wrong."""
    for kind, by_key in inputs.items():
        if kind not in KINDS:
            raise _refuse(f"task {task}: inputs has {kind!r}: use {', '.join(KINDS)}")
        for key, sources in read_object(by_key, f"task {task}: inputs.{kind}").items():
            for source, given in read_object(sources, f"task {task}: input {key}").items():
                if source not in KINDS[kind]:
                    raise _refuse(f"task {task}: input {key} comes from {source!r}: use {', '.join(KINDS[kind])}")
                for each in given if isinstance(given, list) else [given]:
                    where = f"task {task}: input {key}.{source}"
                    yield _parse(read_object(each, where), where, kind=kind, key=key, source=source)


def _parse(given: JsonObject, where: str, *, kind: str, key: str, source: str) -> Channel:
    needed = ("namespace", "name") if source == TABLE else ("producer_task", "output_artifact_key")
    texts = {name: given.get(name) for name in needed}
    missing = [name for name, text in texts.items() if not isinstance(text, str) or not text]
    if missing:
        raise _refuse(f"{where} needs {', '.join(missing)}")
    return Channel(
        kind=kind,
        key=key,
        source=source,
        task=str(texts.get("producer_task", "")),
        output=str(texts.get("output_artifact_key", "")),
        namespace=str(texts.get("namespace", "")),
        name=str(texts.get("name", "")),
        model=(str(given.get("model_id") or ""), str(given.get("model_version") or "")),
        members=frozenset(_list_members(given.get("parties") or [], where)),
    )


def _list_members(given: Any, where: str) -> Iterator[Member]:
    if not isinstance(given, list):
        raise _refuse(f"{where}: parties should be a list")
    for each in given:
        spec = read_object(each, f"{where}: parties")
        parties = spec.get("party_id")
        for party in parties if isinstance(parties, list) else [parties]:
            yield str(spec.get("role")), parse_party(party, where)


def _refuse(message: str) -> FateError:
    return FateError(RetCode.OPERATING, message)
