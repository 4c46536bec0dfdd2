"""What a job is in FATE's words: what the client sent and what was made of it, kept with the core's job."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self

from scheduler.domain.model import Job, JsonObject, Step
from scheduler.store.queries.jobs import JobDetail

DIALECT: Final = "fate"
ORDER: Final = ("guest", "host", "arbiter", "local")
"""FATE's roles, the one that is likeliest to have begun a job first."""

Member = tuple[str, str]
"""(role, party)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FateJob:
    """A job's runtime conf and DSL, as sent and in the form of version 2, and what follows from them.

    A job of another dialect has the same, made up from its steps. Party ids in `conf` are as the client wrote
    them (numbers, mostly); everywhere else they are texts.
    """

    sent_conf: JsonObject = field(default_factory=dict)
    sent_dsl: JsonObject = field(default_factory=dict)
    conf: JsonObject = field(default_factory=dict)
    """The runtime conf in the form of version 2."""
    dsl: JsonObject = field(default_factory=dict)
    """`{"components": {...}}` in the form of version 2, the components that have no step in the core included."""
    job_type: str = "train"
    model_id: str = ""
    model_version: str = ""
    """Of the model that the job makes (then its own id, which `of` fills in) or, where it predicts, uses."""
    initiator: Member = ("", "")
    passed: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    """Component -> its members that were told not to run (`need_run: false`); they have no task, and show as `pass`."""
    inherited: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    """Component -> its members whose results are those of the job `inherits_from`; no task, shown as `success`."""
    inherits_from: str = ""
    holders: Mapping[str, str] = field(default_factory=dict)
    """Inherited component -> the job whose task made its outputs: `inherits_from`, or one from which that inherited."""
    train_conf: JsonObject = field(default_factory=dict)
    """Of a job that predicts: the conf of the job that trained."""
    warnings: tuple[str, ...] = ()
    dag: JsonObject = field(default_factory=dict)
    """The DAG schema that a client of 2.x sent; empty for other jobs."""

    @property
    def components(self) -> Mapping[str, Any]:
        """The DSL's components by name, in the DSL's order."""
        found: Mapping[str, Any] = self.dsl.get("components", {})
        return found

    def get_module(self, component: str) -> str:
        """The module of a component, empty for an unknown one."""
        return str(self.components.get(component, {}).get("module", ""))

    def find_holder(self, component: str, job: str) -> str:
        """The job that holds a component's outputs; `job` is the id of this one."""
        return self.holders.get(component, job)

    def render(self) -> dict[str, Any]:
        """The `origin` of the core's job; `parse` reads it again."""
        return {name: _plain(getattr(self, name)) for name in _MEMBERS}

    @classmethod
    def of(cls, detail: JobDetail, origin: JsonObject) -> Self:
        """FATE's view of a job in whatever dialect; `origin` is `get_origin`'s."""
        job = detail.job
        if job.dialect != DIALECT or "dsl" not in origin:
            return cls._derive(job, [each.step for each in detail.steps])
        found = cls.parse(origin)
        return found if found.model_version else replace(found, model_version=job.id)

    @classmethod
    def parse(cls, origin: JsonObject) -> Self:
        """What `render` made."""
        given = {name: origin[name] for name in _MEMBERS if name in origin}
        for name in ("passed", "inherited"):
            given[name] = {key: tuple(map(_pair, members)) for key, members in given.get(name, {}).items()}
        given["initiator"] = _pair(given.get("initiator", ("", "")))
        given["warnings"] = tuple(given.get("warnings", ()))
        return cls(**given)

    @classmethod
    def _derive(cls, job: Job, steps: Sequence[Step]) -> Self:
        conf = {
            "dsl_version": 2,
            "initiator": {},
            "role": {role: [number_party(party) for party in parties] for role, parties in job.roles.items()},
            "job_parameters": {"common": {"job_type": "train"}},
            "component_parameters": {
                "common": {step.name: dict(step.params) for step in steps if step.params},
                "role": _split_overrides(steps),
            },
        }
        role, party = initiator = find_initiator(job.roles)
        conf["initiator"] = {"role": role, "party_id": number_party(party)}
        dsl = {"components": {step.name: _describe(step, steps) for step in steps}}
        return cls(
            sent_conf=conf,
            sent_dsl=dsl,
            conf=conf,
            dsl=dsl,
            model_id=make_model_id(job.roles),
            model_version=job.id,
            initiator=initiator,
        )


_MEMBERS: Final = tuple(each.name for each in fields(FateJob))


def find_initiator(roles: Mapping[str, Sequence[str]]) -> Member:
    """Who began a job that does not say: the first party of the guest, or of the next best role."""
    ranked = sorted(roles, key=lambda role: (ORDER.index(role) if role in ORDER else len(ORDER), role))
    return (ranked[0], roles[ranked[0]][0]) if ranked else ("", "")


def make_model_id(roles: Mapping[str, Iterable[Any]]) -> str:
    """FATE's name of the model that these parties train, e.g. `guest-9999#host-10000_10001#model`."""
    parts = [f"{role}-{'_'.join(sorted({str(party) for party in roles[role]}))}" for role in sorted(roles)]
    return "#".join([*parts, "model"])


def number_party(party: str) -> int | str:
    """A party's id as FATE writes it: a number where it is one."""
    return int(party) if party.isascii() and party.isdigit() else party


def _pair(given: Sequence[str]) -> Member:
    role, party = given
    return str(role), str(party)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _split_overrides(steps: Sequence[Step]) -> dict[str, dict[str, dict[str, Any]]]:
    """Steps' overrides as FATE writes them: role -> position or `all` -> component -> parameters."""
    split: dict[str, dict[str, dict[str, Any]]] = {}
    for step in steps:
        for target, params in step.overrides.items():
            role, _, position = target.partition(".")
            split.setdefault(role, {}).setdefault(position or "all", {})[step.name] = dict(params)
    return split


def _describe(step: Step, steps: Sequence[Step]) -> dict[str, Any]:
    """A step as a component of a DSL; outputs are those that other steps read."""
    described: dict[str, Any] = {"module": str(step.run.get("component") or step.run.get("engine") or "Command")}
    own = {port: text for port, text in step.inputs.items() if ":" not in text}
    models = [text for port, text in own.items() if _is_model(port)]
    tables = {port: [text] for port, text in own.items() if not _is_model(port)}
    if own:
        described["input"] = {key: value for key, value in (("data", tables), ("model", models)) if value}
    read = [(port, text) for other in steps for port, text in other.inputs.items() if text.startswith(f"{step.name}.")]
    outputs: dict[str, list[str]] = {}
    for port, text in read:
        names = outputs.setdefault("model" if _is_model(port) else "data", [])
        name = text.partition(".")[2]
        if name not in names:
            names.append(name)
    if outputs:
        described["output"] = outputs
    return described


def _is_model(port: str) -> bool:
    return "model" in port
