"""A DAG of FATE 2.x as the runtime conf and the DSL that mean the same in FATE 1.x."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from api.dialects.fate.errors import FateError, FateParamError, RetCode
from api.dialects.fate.requests.conf import read_object
from api.dialects.fate.requests.submission import Sent
from api.dialects.fate.v2.requests.channels import MODEL, TABLE, Channel
from api.dialects.fate.v2.requests.dag import Dag, Task
from api.dialects.fate.v2.vocabulary.catalogue import get_ref
from api.dialects.fate.v2.vocabulary.component_ref import PREDICT, ComponentRef
from api.dialects.fate.v2.vocabulary.settings import render_settings, warn_of_settings
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.fate_job import Member, find_initiator, number_party
from api.dialects.fate.vocabulary.params import NEED_RUN
from api.dialects.fate.vocabulary.propagated_params import Given, propagate
from api.dialects.fate.vocabulary.roles import check_size

DONE: Final = "done"
"""The output of a task that others only wait for."""
READER: Final = "Reader"


def convert_dag(dag: Dag) -> Sent:
    """The conf and the DSL; FateError (103) names what cannot be done."""
    check_size(len(dag.tasks), dag.roles)
    conversion = _Conversion(dag=dag, given=_propagate(dag))
    for task in dag.tasks.values():
        conversion.add_task(task)
    conversion.note_waits()
    model = conversion.find_model()
    role, party = _find_initiator(dag)
    conf = {
        "dsl_version": 2,
        "initiator": {"role": role, "party_id": number_party(party)},
        "role": {each: [number_party(party) for party in parties] for each, parties in dag.roles.items()},
        "job_parameters": {"common": render_settings(dag.conf, model)},
        "component_parameters": {"common": {}, "role": conversion.params},
    }
    return Sent(
        conf=conf,
        dsl={"components": conversion.components},
        is_first=False,
        needs_deployment=False,
        warnings=tuple(warn_of_settings(dag.document["dag"])),
    )


def _find_initiator(dag: Dag) -> Member:
    """The guest, or whoever `conf` says."""
    named = str(dag.conf.get("initiator_party_id") or dag.conf.get("scheduler_party_id") or "")
    for role, parties in dag.roles.items():
        if role != "arbiter" and named in parties:
            return role, named
    return find_initiator(dag.roles)


def _propagate(dag: Dag) -> Given:
    """Task -> member -> the parameters given; tasks in a circle are not among them: what is made of these is refused."""
    members = [(role, party) for role, parties in dag.roles.items() for party in parties]
    return propagate(
        {name: {member: task.get_params(member) for member in members} for name, task in dag.tasks.items()},
        kinds={name: task.ref for name, task in dag.tasks.items()},
        taken={
            name: [each.task for each in task.channels if each.kind == "model" and each.source != MODEL]
            for name, task in dag.tasks.items()
        },
    )


@dataclass(slots=True, kw_only=True)
class _Conversion:
    """What has been converted by now; `given` are the tasks' parameters at each member."""

    dag: Dag
    given: Given
    components: dict[str, Any] = field(default_factory=dict)
    params: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """Role -> position -> component -> parameters."""
    models: set[tuple[str, str]] = field(default_factory=set)

    def add_task(self, task: Task) -> None:
        """Its component, and those that stand for the tables that it reads itself."""
        ref = get_ref(task.ref, task.name)
        module = ref.pick_module(task.params)
        inputs = self._make_inputs(task, ref)
        component: dict[str, Any] = {"module": module, **({"input": inputs} if inputs else {})}
        if outputs := self._make_outputs(task, ref):
            component["output"] = outputs
        self.components[task.name] = component
        for member, role, position in self._list_places(module):
            self._put(role, position, task.name, self._make_params(task, ref, member))

    def find_model(self) -> tuple[str, str] | None:
        """The one model of an earlier job that tasks read, None where none do."""
        warehouse = read_object(self.dag.conf.get("model_warehouse"), "conf.model_warehouse") or self.dag.conf
        default = (str(warehouse.get("model_id") or ""), str(warehouse.get("model_version") or ""))
        named = {model if all(model) else default for model in self.models}
        if len(named) > 1:
            raise _refuse("the tasks read from several models: a job reads from one")
        if named and not all(*named):
            raise _refuse("conf.model_warehouse needs model_id and model_version of the model that tasks read")
        return next(iter(named), None)

    def _list_places(self, module: str) -> Iterator[tuple[Member, str, int]]:
        known = get_module(module, module).roles
        for role, parties in self.dag.roles.items():
            if role in known:
                yield from (((role, party), role, position) for position, party in enumerate(parties))

    def _put(self, role: str, position: int, component: str, params: dict[str, Any]) -> None:
        self.params.setdefault(role, {}).setdefault(str(position), {})[component] = params

    def _make_params(self, task: Task, ref: ComponentRef, member: Member) -> dict[str, Any]:
        """The module's parameters at one member; a task that applies a model has those of the task that made it."""
        if task.members is not None and member not in task.members:
            return {NEED_RUN: False}
        given = self.given.get(task.name, {}).get(member, {})
        if task.stage == PREDICT and not given and any(each.key == "input_model" for each in task.channels):
            return {}
        try:
            return ref.translate(ref.fill(given), task.stage)
        except FateParamError as wrong:
            raise _refuse(f"task {task.name} at {member[0]} {member[1]}: {wrong.message}") from wrong

    def _make_inputs(self, task: Task, ref: ComponentRef) -> dict[str, Any]:
        found: dict[str, list[str]] = {}
        for channel in task.channels:
            target = ref.inputs.get(channel.key)
            if target is None:
                known = ", ".join(ref.inputs) or "none"
                raise _refuse(f"task {task.name}: {task.ref} has no input {channel.key} here; it has {known}")
            text = self._locate(task, channel)
            texts = found.setdefault(target, [])
            if text not in texts:
                texts.append(text)
            if len(texts) > 1 and not channel.key.endswith("s"):
                raise _refuse(
                    f"task {task.name}: input {channel.key} has two sources, {texts[0]} and {text}: let one task "
                    "leave it for all parties (one reader, with each party's table in party_tasks)"
                )
        self._check_depends(task, found)
        data = {key.removeprefix("data."): texts for key, texts in found.items() if key.startswith("data.")}
        rest = {key: texts for key, texts in found.items() if not key.startswith("data.")}
        return {**({"data": data} if data else {}), **rest}

    def _check_depends(self, task: Task, found: dict[str, list[str]]) -> None:
        """What the task waits for without reading from it."""
        read = {text.partition(".")[0] for texts in found.values() for text in texts}
        for name in task.depends:
            if name not in self.dag.tasks:
                raise _refuse(f"task {task.name} depends on {name!r}, which is not in dag.tasks")
            if name not in read:
                found.setdefault("cache", []).append(f"{name}.{DONE}")

    def _locate(self, task: Task, channel: Channel) -> str:
        """The source of a channel as a DSL writes it."""
        if channel.source == TABLE:
            return self._add_reader(task, channel)
        if channel.source == MODEL:
            self.models.add(channel.model)
            return f"pipeline.{channel.task}.{channel.output}"
        writer = self.dag.tasks.get(channel.task)
        if writer is None:
            raise _refuse(
                f"task {task.name}: input {channel.key} is of task {channel.task!r}, which is not in dag.tasks"
            )
        left = get_ref(writer.ref, writer.name).list_outputs(channel.kind, writer.stage)
        if channel.output not in [each.key for each in left]:
            known = ", ".join(each.key for each in left) or "none"
            raise _refuse(
                f"task {task.name}: input {channel.key} is {channel.task}.{channel.output}, but in stage "
                f"{writer.stage} that task's {channel.kind} outputs are {known}"
            )
        return f"{channel.task}.{channel.output}"

    def _add_reader(self, task: Task, channel: Channel) -> str:
        """A reader for a table that a task names itself; each party's own where the channel is for some."""
        name = f"{task.name}_{channel.key}"
        if name in self.dag.tasks:
            raise _refuse(f"task {name}: its name is taken for the table that {task.name} reads: rename it")
        self.components[name] = {"module": READER, "output": {"data": ["output_data"]}}
        table = {"table": {"name": channel.name, "namespace": channel.namespace}}
        for member, role, position in self._list_places(READER):
            if not channel.members or member in channel.members:
                self._put(role, position, name, table)
        return f"{name}.output_data"

    def _make_outputs(self, task: Task, ref: ComponentRef) -> dict[str, list[str]]:
        found = {kind: [each.key for each in ref.list_outputs(kind, task.stage)] for kind in ("data", "model")}
        return {kind: keys for kind, keys in found.items() if keys}

    def note_waits(self) -> None:
        """Give those that others only wait for an output for that."""
        for component in list(self.components.values()):
            for text in component.get("input", {}).get("cache", ()):
                self.components[text.partition(".")[0]].setdefault("output", {})["cache"] = [DONE]


def _refuse(message: str) -> FateError:
    return FateError(RetCode.OPERATING, message)
