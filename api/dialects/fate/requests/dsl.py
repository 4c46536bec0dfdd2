"""A job's DSL of version 2, checked: components, what each reads and what each leaves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.selectors import check_depth
from scheduler.domain.order import sort_by_needs

NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
PIPELINE: Final = "pipeline"
MODEL_KEYS: Final = ("model", "isometric_model")
OUTPUT_KINDS: Final = ("data", "model", "cache")
DATA_KEYS: Final = ("train_data", "eval_data", "test_data", "data", "validate_data")
"""A component's data inputs; where the component itself is left out, the first that it has goes through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One input of a component: under which key, the how-manyeth there, and whose output it is."""

    kind: str
    """data, model or cache: which of the writer's outputs."""
    key: str
    place: int
    component: str
    output: str
    is_pipeline: bool = False
    """Whether it is what an earlier job's component left (`pipeline.component.output`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component of a DSL."""

    name: str
    module: str
    sources: tuple[Source, ...] = ()
    outputs: Mapping[str, tuple[str, ...]]
    """Kind (data, model, cache) -> the names of its outputs."""
    needs_deploy: bool | None = None

    def list_data(self) -> list[Source]:
        """The inputs that are tables of this job."""
        return [source for source in self.sources if source.kind == "data"]


def parse_dsl(given: Any) -> dict[str, Component]:
    """The components by name, as written; FateError (103) names the first thing that is wrong."""
    components = parse_components(given)
    for component in components.values():
        _check_sources(component, components)
    _check_loops(components)
    return components


def parse_components(given: Any) -> dict[str, Component]:
    """As `parse_dsl`, but what a component reads need not be there: nothing is looked at but the form of each."""
    if not given:
        raise _refuse("There are no dsl: send the job's components as job_dsl")
    if not isinstance(given, Mapping) or not isinstance(given.get("components"), Mapping) or not given["components"]:
        raise _refuse("There are no dsl: job_dsl needs the member components, an object with at least one component")
    check_depth(given, "the DSL")
    return {name: _parse_component(name, each) for name, each in given["components"].items()}


def _refuse(message: str) -> FateError:
    return FateError(RetCode.OPERATING, message)


def _parse_component(name: str, given: Any) -> Component:
    if not NAME.fullmatch(name):
        raise _refuse(f"Component name {name}'is not illegal, it should be consist of letter, digit, '-'  and '_'")
    if not isinstance(given, Mapping):
        raise _refuse(f"Component {name} should be dict")
    module = given.get("module")
    if not isinstance(module, str) or not module:
        raise _refuse(f"Component {name} has no module")
    deploy = given.get("need_deploy")
    return Component(
        name=name,
        module=module,
        sources=tuple(_parse_sources(name, given.get("input") or {})),
        outputs=_parse_outputs(name, given.get("output") or {}),
        needs_deploy=deploy if isinstance(deploy, bool) else None,
    )


def _parse_outputs(name: str, given: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(given, Mapping):
        raise _refuse(f"Output of component {name} should be dict")
    for key, names in given.items():
        if key in OUTPUT_KINDS and not (isinstance(names, list) and all(isinstance(each, str) for each in names)):
            raise _refuse(f"Component {name}'s output key {key} value type should be list")
    return {key: tuple(names) for key, names in given.items() if key in OUTPUT_KINDS}


def _parse_sources(name: str, given: Any) -> Iterator[Source]:
    if not isinstance(given, Mapping):
        raise _refuse(f"Input of component {name} should be dict")
    for key, value in given.items():
        if key == "data":
            if not isinstance(value, Mapping):
                raise _refuse(f"Component {name}'s input key data value type should be dict")
            for data_key, texts in value.items():
                if data_key not in DATA_KEYS:
                    raise _refuse(f"Component {name}'s input data has the key {data_key}: use {', '.join(DATA_KEYS)}")
                yield from _parse_texts(name, "data", data_key, texts)
        elif key in (*MODEL_KEYS, "cache"):
            yield from _parse_texts(name, "cache" if key == "cache" else "model", key, value)


def _parse_texts(name: str, kind: str, key: str, given: Any) -> Iterator[Source]:
    if not isinstance(given, list):
        raise _refuse(f"Component {name}'s input key {key} value type should be list")
    for place, text in enumerate(given):
        parts = str(text).split(".")
        is_pipeline = len(parts) == 3 and parts[0] == PIPELINE
        if not is_pipeline and len(parts) != 2:
            raise _refuse(f"Component {name}'s {key} input {text} should be component.output")
        yield Source(
            kind=kind, key=key, place=place, component=parts[-2], output=parts[-1], is_pipeline=is_pipeline
        )  # fmt: skip


def _check_sources(component: Component, components: Mapping[str, Component]) -> None:
    for source in component.sources:
        if source.is_pipeline:
            continue
        writer = components.get(source.component)
        if writer is None:
            raise _refuse(f"Component {component.name}'s {source.kind} input {source.component} does not exist")
        if source.output not in writer.outputs.get(source.kind, ()):
            raise _refuse(
                f"Component {component.name}' s {source.component} input {source.kind}'s output {source.output} "
                "does not exist"
            )


def list_ordered(components: Mapping[str, Component]) -> tuple[list[str], dict[str, set[str]]]:
    """Names so that each comes after those it reads from, and what is left of the edges where there are loops."""
    waits = {
        name: {source.component for source in each.sources if source.component in components and not source.is_pipeline}
        for name, each in components.items()
    }
    ordered = sort_by_needs(waits)
    done = set(ordered)
    return ordered, {name: earlier - done for name, earlier in waits.items() if name not in done}


def _check_loops(components: Mapping[str, Component]) -> None:
    _, waits = list_ordered(components)
    if waits:
        raise _refuse(f"{'->'.join(_find_loop(waits))} form a loop")


def _find_loop(waits: Mapping[str, set[str]]) -> Sequence[str]:
    """The components of one loop, each read by the next."""
    seen: dict[str, int] = {}
    earlier = next(iter(waits))
    while earlier not in seen:
        seen[earlier] = len(seen)
        earlier = min(waits[earlier])
    return list(reversed(list(seen)[seen[earlier] :]))
