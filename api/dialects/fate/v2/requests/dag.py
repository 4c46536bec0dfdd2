"""A DAG as clients of FATE 2.x send it, checked: who takes part, which tasks there are, and their parameters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.conf import parse_party, read_object
from api.dialects.fate.requests.dsl import NAME
from api.dialects.fate.requests.selectors import check_depth, merge
from api.dialects.fate.v2.requests.channels import Channel, parse_channels
from api.dialects.fate.v2.vocabulary.component_ref import STAGES, TRAIN
from api.dialects.fate.vocabulary.fate_job import Member
from scheduler.domain.model import JsonObject

KIND: Final = "fate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task; `members` None: it runs wherever its component does."""

    name: str
    ref: str
    stage: str
    params: JsonObject = field(default_factory=dict)
    own: Mapping[Member, JsonObject] = field(default_factory=dict)
    """What single members are given beside `params`."""
    channels: tuple[Channel, ...] = ()
    depends: tuple[str, ...] = ()
    members: frozenset[Member] | None = None

    def get_params(self, member: Member) -> dict[str, Any]:
        """The task's parameters at one member, without any defaults."""
        return merge(self.params, self.own.get(member, {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dag:
    """A checked DAG; `document` is the whole schema as sent."""

    document: JsonObject
    roles: Mapping[str, tuple[str, ...]]
    tasks: Mapping[str, Task]
    conf: JsonObject
    stage: str


def parse_schema(given: Any) -> Dag:
    """The DAG within `{dag, schema_version, kind}`; FateError (103) names the first thing that is wrong."""
    schema = read_object(given, "dag_schema")
    check_depth(schema, "dag_schema")
    if schema.get("kind", KIND) != KIND:
        raise _refuse(f"dag_schema.kind {schema['kind']!r} is not supported here: use {KIND}")
    dag = read_object(schema.get("dag"), "dag_schema.dag")
    roles = _parse_roles(dag)
    stage = _read_stage(dag, "dag", TRAIN)
    tasks = read_object(dag.get("tasks"), "dag.tasks")
    if not tasks:
        raise _refuse("dag.tasks is empty: name at least one task")
    members = frozenset((role, party) for role, parties in roles.items() for party in parties)
    own = _parse_party_tasks(dag, tasks, members)
    return Dag(
        document=schema,
        roles=roles,
        tasks={
            name: _parse_task(name, task, stage, members=members, own=own.get(name, {})) for name, task in tasks.items()
        },
        conf=read_object(dag.get("conf"), "dag.conf"),
        stage=stage,
    )


def _parse_roles(dag: JsonObject) -> dict[str, tuple[str, ...]]:
    roles: dict[str, list[str]] = {}
    for role, party in _list_parties(dag.get("parties"), "dag.parties"):
        roles.setdefault(role, []).append(party)
    if not roles:
        raise _refuse("dag.parties is empty: name who takes part, e.g. [{'role': 'guest', 'party_id': ['9999']}]")
    return {role: tuple(parties) for role, parties in roles.items()}


def _list_parties(given: Any, where: str) -> Iterator[Member]:
    if not isinstance(given, list):
        raise _refuse(f"{where} should be a list of objects with role and party_id")
    for each in given:
        spec = read_object(each, where)
        parties = spec.get("party_id")
        if not isinstance(spec.get("role"), str) or not isinstance(parties, list):
            raise _refuse(f"{where}: each has a role, and party_id, a list of ids")
        for party in parties:
            yield str(spec["role"]), parse_party(party, f"{where}.party_id")


def _parse_members(given: Any, where: str, members: frozenset[Member]) -> frozenset[Member] | None:
    """The members named, None where none are; FateError for one that the job does not have."""
    if not given:
        return None
    named = frozenset(_list_parties(given, where))
    for role, party in sorted(named - members):
        raise _refuse(f"{where} names {role} {party}, which is not in dag.parties")
    return named


def _parse_task(
    name: str, given: Any, stage: str, *, members: frozenset[Member], own: Mapping[Member, JsonObject]
) -> Task:
    if not NAME.fullmatch(name):
        raise _refuse(f"task name {name!r}: use letters, digits, '-' and '_'")
    where = f"task {name}"
    spec = read_object(given, where)
    ref = spec.get("component_ref")
    if not isinstance(ref, str) or not ref:
        raise _refuse(f"{where} has no component_ref")
    depends = spec.get("dependent_tasks") or []
    if not isinstance(depends, list):
        raise _refuse(f"{where}: dependent_tasks should be a list of tasks")
    return Task(
        name=name,
        ref=ref,
        stage=_read_stage(spec, where, stage),
        params=read_object(spec.get("parameters"), f"{where}: parameters"),
        own=own,
        channels=tuple(parse_channels(name, read_object(spec.get("inputs"), f"{where}: inputs"))),
        depends=tuple(map(str, depends)),
        members=_parse_members(spec.get("parties"), f"{where}: parties", members),
    )


def _read_stage(given: JsonObject, where: str, default: str) -> str:
    stage = given.get("stage") or default
    if stage not in STAGES:
        raise _refuse(f"{where}: stage should be one of {', '.join(STAGES)}, not {stage!r}")
    return str(stage)


def _parse_party_tasks(
    dag: JsonObject, tasks: JsonObject, members: frozenset[Member]
) -> dict[str, dict[Member, JsonObject]]:
    """Task -> member -> the parameters that are its own."""
    found: dict[str, dict[Member, JsonObject]] = {}
    for site, given in read_object(dag.get("party_tasks"), "dag.party_tasks").items():
        where = f"party_tasks.{site}"
        spec = read_object(given, where)
        named = _parse_members(spec.get("parties"), f"{where}.parties", members) or frozenset()
        for task, own in read_object(spec.get("tasks"), f"{where}.tasks").items():
            _check_known(task, tasks, where)
            params = read_object(read_object(own, f"{where}.tasks.{task}").get("parameters"), f"{where}.{task}")
            by_member = found.setdefault(task, {})
            for member in named:
                by_member[member] = merge(by_member.get(member, {}), params)
    return found


def _check_known(task: str, tasks: Mapping[str, Any] | Sequence[str], where: str) -> None:
    if task not in tasks:
        raise _refuse(f"{where} speaks of task {task!r}, which is not in dag.tasks")


def _refuse(message: str) -> FateError:
    return FateError(RetCode.OPERATING, message)
