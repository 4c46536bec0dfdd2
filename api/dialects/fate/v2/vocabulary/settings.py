"""A DAG's `conf` as the job's parameters of FATE 1.x."""

from collections.abc import Iterator
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.conf import read_object
from scheduler.domain.model import JsonObject

SAME: Final = ("auto_retries", "priority", "task_parallelism", "computing_partitions")

KNOWN: Final = frozenset({
    *SAME, "cores", "task", "inheritance", "model_warehouse", "model_id", "model_version", "initiator_party_id",
    "scheduler_party_id", "sync_type", "federated_status_collect_type", "engine", "extra",
})  # fmt: skip
PROVIDERS: Final = frozenset({"", "fate", "fedrota"})
"""Whose components the parties' workers offer."""


def warn_of_settings(dag: JsonObject) -> Iterator[str]:
    """What a checked DAG asks for beside the tasks' parameters and does not get."""
    conf = dag.get("conf") or {}
    for name in conf:
        if name not in KNOWN:
            yield f"[WARN]conf.{name} does not take effect: there is no such setting"
    yield from _warn_of_provider(conf.get("task") or {}, "conf.task")
    for name, task in dag["tasks"].items():
        own = read_object(task.get("conf"), f"task {name}: conf")
        yield from _warn_of_provider(own, f"tasks.{name}.conf")
        for other in own:
            if other != "provider":
                yield f"[WARN]tasks.{name}.conf.{other} does not take effect: the DAG's own conf counts for all tasks"


def _warn_of_provider(conf: JsonObject, where: str) -> Iterator[str]:
    provider = str(conf.get("provider") or "")
    if provider.partition(":")[0] not in PROVIDERS:
        yield f"[WARN]{where}.provider {provider[:100]} does not take effect: tasks run what the parties' workers offer"


def render_settings(conf: JsonObject, model: tuple[str, str] | None) -> dict[str, Any]:
    """The members that count; `model` is the one that the job predicts with."""
    found: dict[str, Any] = {name: conf[name] for name in SAME if conf.get(name) is not None}
    if conf.get("cores") is not None:
        found["task_cores"] = conf["cores"]
    timeout = read_object(conf.get("task"), "conf.task").get("timeout")
    if timeout is not None:
        found["timeout"] = timeout
    if inheritance := read_object(conf.get("inheritance"), "conf.inheritance"):
        found["inheritance_info"] = _render_inheritance(inheritance)
    if model is not None:
        found |= {"job_type": "predict", "model_id": model[0], "model_version": model[1]}
    return found


def _render_inheritance(given: JsonObject) -> dict[str, Any]:
    tasks = given.get("task_list")
    if not given.get("job_id") or not isinstance(tasks, list):
        raise FateError(RetCode.OPERATING, "conf.inheritance should have job_id and task_list, a list of tasks")
    return {"job_id": str(given["job_id"]), "component_list": [str(task) for task in tasks]}
