"""A DAG's `conf` as the job's parameters of FATE 1.x."""

from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.conf import read_object
from api.dialects.fate.requests.selectors import JsonObject

SAME: Final = ("auto_retries", "priority", "task_parallelism", "computing_partitions")


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
