"""A job's own parameters (`job_parameters`), checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.conf import read_object
from api.dialects.fate.requests.whole import parse_whole
from scheduler.domain.model import JsonObject

TRAIN: Final = "train"
PREDICT: Final = "predict"
TIMEOUT_S: Final = 259_200
"""FATE's default: three days from the submission on."""
RETRY_DELAY_S: Final = 1
"""FATE's default."""
MAX_RETRIES: Final = 99
Default = TypeVar("Default", int, None)
WITHOUT_EFFECT: Final = ("task_parallelism", "computing_partitions", "processors_per_node", "federated_mode")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """What a job asks for beside its components; `cores` None where it does not say."""

    job_type: str = TRAIN
    model_id: str = ""
    model_version: str = ""
    cores: int | None = None
    retries: int | None = None
    retry_delay_s: float = RETRY_DELAY_S
    timeout_s: float = TIMEOUT_S
    priority: int = 0
    inherits_from: str = ""
    inherited: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def parse_settings(given: JsonObject) -> JobSettings:
    """The settings in `job_parameters.common`; members that FATE does not know are dropped, as FATE does."""
    job_type = str(given.get("job_type") or TRAIN)
    if job_type not in (TRAIN, PREDICT):
        raise _refuse(f"job_type should be {TRAIN} or {PREDICT}, not {job_type}")
    job, components = _parse_inheritance(given.get("inheritance_info"))
    return JobSettings(
        job_type=job_type,
        model_id=str(given.get("model_id") or ""),
        model_version=str(given.get("model_version") or ""),
        cores=_read_whole(given, "task_cores", 1, 10**6, default=None),
        retries=_read_whole(given, "auto_retries", 0, MAX_RETRIES, default=None),
        retry_delay_s=float(_read_whole(given, "auto_retry_delay", 0, 86_400, default=RETRY_DELAY_S)),
        timeout_s=float(_read_whole(given, "timeout", 1, 10**9, default=TIMEOUT_S)),
        priority=_read_whole(given, "priority", -10, 10, default=0),
        inherits_from=job,
        inherited=components,
        warnings=tuple(_warn(given)),
    )


def _warn(given: JsonObject) -> Iterator[str]:
    """Only of what asks for something else than what happens."""
    for name in WITHOUT_EFFECT:
        value = given.get(name)
        if value not in (None, 1, "SINGLE", "MULTIPLE") and not isinstance(value, bool):
            yield f"[WARN]{name} does not take effect: tasks run as the parties' slots allow"


def _parse_inheritance(given: Any) -> tuple[str, tuple[str, ...]]:
    inherits = read_object(given, "inheritance_info")
    if not inherits:
        return "", ()
    job, components = inherits.get("job_id"), inherits.get("component_list")
    if not job or not isinstance(components, list) or not all(isinstance(each, str) for each in components):
        raise _refuse("inheritance_info should have job_id and component_list, a list of component names")
    return (str(job), tuple(components)) if components else ("", ())


def _read_whole(given: JsonObject, name: str, least: int, most: int, *, default: Default) -> int | Default:
    value = given.get(name)
    if value is None or value == "":
        return default
    number = parse_whole(value)
    if number is None or not least <= number <= most:
        raise _refuse(
            f"job_parameters: {name} should be a whole number from {least} to {most}, not {str(value)[:100]!r}"
        )
    return number


def _refuse(message: str) -> FateError:
    return FateError(RetCode.OPERATING, message)
