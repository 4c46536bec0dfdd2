"""The members of a submission, in the form of version 2 whatever version they came in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import parse_json_text
from api.dialects.fate.requests.conf import RuntimeConf, parse_conf, read_object
from api.dialects.fate.requests.conf_v1 import convert_conf, convert_dsl, is_version_1
from api.dialects.fate.requests.dsl import DATA_KEYS
from api.dialects.fate.requests.evaluations import split_evaluations
from api.dialects.fate.requests.job_settings import JobSettings, parse_settings
from scheduler.domain.model import JsonObject

OF_VERSION: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("algorithm_parameters", "role_parameters"),
    2: ("component_parameters",),
}
"""Where a runtime conf of each version has the components' parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A runtime conf and a DSL as a client sent them; `dsl` is empty where it sent none."""

    conf: JsonObject
    dsl: JsonObject
    is_first: bool
    """Whether they are of version 1."""
    needs_deployment: bool = True
    """Whether a model must have been deployed to predict; 2.x has no such step."""
    warnings: tuple[str, ...] = ()

    def convert(self, stored: JsonObject) -> "Converted":
        """In the form of version 2; `stored` is the DSL of the model where the client sent none."""
        if not self.is_first:
            conf, dsl = self.conf, self.dsl or stored
        elif self.dsl:
            dsl, readers = convert_dsl(self.dsl)
            conf = convert_conf(self.conf, readers)
        else:
            dsl, conf = stored, convert_conf(self.conf, find_readers(stored))
        conf, dsl, said = split_evaluations(conf, dsl)
        parsed = parse_conf(conf)
        settings = parse_settings(parsed.settings)
        warnings = (*parsed.warnings, *self._warn(), *said)
        return Converted(conf=replace(parsed, warnings=warnings), settings=settings, dsl=dsl)

    def _warn(self) -> Iterator[str]:
        """Also of parameters that are written as in the other version."""
        yield from self.warnings
        mine, other = (1, 2) if self.is_first else (2, 1)
        for name in OF_VERSION[other]:
            if self.conf.get(name):
                why = f"the conf is of version {mine}, which has {' and '.join(OF_VERSION[mine])}"
                yield f"[WARN]{name} does not take effect: {why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A submission in the form of version 2."""

    conf: RuntimeConf
    settings: JobSettings
    dsl: JsonObject = field(default_factory=dict)


def parse_submission(members: Mapping[str, Any]) -> Sent:
    """What a body of `job/submit` asks for, its aliases and texts of JSON read; FateError (103) without any conf."""
    conf = _read(members, "job_runtime_conf", "runtime_conf")
    if not conf:
        raise FateError(RetCode.OPERATING, "no parameters: send the runtime conf as job_runtime_conf")
    return Sent(conf=conf, dsl=_read(members, "job_dsl", "dsl"), is_first=is_version_1(conf))


def parse_json_member(given: Any, where: str) -> JsonObject:
    """An object, or a text that holds one; FateError (103) where it is neither, or cannot be stored."""
    if isinstance(given, str):
        given = parse_json_text(given or "null", where, retcode=RetCode.OPERATING)
    return read_object(given, where)


def find_readers(dsl: JsonObject) -> dict[str, str]:
    """For each kind of `args` data the Reader of a DSL that stands for it.

    A job that predicts gives its tables as `eval_data` to what was trained as `train_data`.
    """
    readers = {
        str(output): name
        for name, component in (dsl.get("components") or {}).items()
        if str(component.get("module", "")).casefold() == "reader"
        for output in (component.get("output") or {}).get("data") or ()
    }
    first = next(iter(readers.values()), "")
    return {**(dict.fromkeys(DATA_KEYS, first) if first else {}), **readers}


def _read(members: Mapping[str, Any], name: str, alias: str) -> JsonObject:
    given = members.get(name)
    if given is None:
        given = members.get(alias)
    return parse_json_member(given, name)
