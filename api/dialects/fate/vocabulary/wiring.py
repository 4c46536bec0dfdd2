"""Whose output each input of a job's components is, in the core's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.dsl import DATA_KEYS, Component, Source
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.module import Module
from scheduler.domain.references import Reference

NO_WARM_START: Final = (
    "with training data it would be the start of the training, which always begins anew here: leave the model out, or "
    "give test_data in place of train_data to predict with it"
)
ONE_MODEL: Final = "a prediction takes one model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The components of a job and where the outputs lie of those that it does not run itself."""

    components: Mapping[str, Component]
    modules: Mapping[str, Module]
    passed: frozenset[str] = frozenset()
    """Components that run nowhere: what they read goes on to who reads from them."""
    earlier: Mapping[str, str] = field(default_factory=dict)
    """Components whose outputs are another job's, and that job."""
    stored: Mapping[str, Reference] = field(default_factory=dict)
    """Readers that stand for an output of an earlier job, and that output."""
    trained: Mapping[str, Component] = field(default_factory=dict)
    """The components of the job that trained the model, whose outputs `pipeline.component.model` names."""
    pipeline: Mapping[str, str] = field(default_factory=dict)
    """Component of the model -> the job that holds its part."""

    def list_inputs(self, component: Component) -> Iterator[tuple[str, str]]:
        """(port, reference) of each input; what only hands on parameters has none."""
        for source in component.sources:
            reference = self.find_reference(source)
            port = self.find_port(component, source)
            if port and reference is not None:
                yield port, str(reference)
            elif source.kind == "data" and not port:
                raise _refuse(component, source, f"module {component.module} has no such data input")
            elif source.key == "model" and self.modules[component.name].predictor:
                raise _refuse(component, source, ONE_MODEL if self.uses_predictor(component) else NO_WARM_START)

    def list_needs(self, component: Component) -> list[str]:
        """The steps that hand on no more than their parameters, but come first all the same."""
        named = (source.component for source in component.sources if not source.is_pipeline)
        absent = {*self.passed, *self.earlier, *self.stored}
        return [name for name in dict.fromkeys(named) if name not in absent]

    def uses_predictor(self, component: Component) -> bool:
        """Whether the component applies a model instead of making one."""
        module = self.modules[component.name]
        has_model = any(source.key == "model" for source in component.sources)
        return bool(module.predictor) and has_model and not any(each.key == "train_data" for each in component.sources)

    def find_port(self, component: Component, source: Source) -> str:
        """The port of the component's own that an input goes to, empty where there is none."""
        if self.uses_predictor(component):
            return {"model": "model", "data": "data"}.get(source.kind, "") if source.place == 0 else ""
        inputs = self.modules[component.name].inputs
        return inputs.get(source.key if source.place == 0 else f"{source.key}.{source.place}", "")

    def find_reference(self, source: Source) -> Reference | None:
        """The output that an input reads, or None where there is nothing to read."""
        if source.is_pipeline:
            return self._find_pipeline(source)
        writer = self.components[source.component]
        if writer.name in self.stored:
            return self.stored[writer.name]
        if writer.name in self.passed:
            upstream = pick_upstream(writer) if source.kind == "data" else None
            return None if upstream is None else self.find_reference(upstream)
        port = self._find_output(writer, source)
        return Reference(writer.name, port, self.earlier.get(writer.name, "")) if port else None

    def _find_pipeline(self, source: Source) -> Reference | None:
        writer, job = self.trained.get(source.component), self.pipeline.get(source.component)
        if writer is None or job is None:
            raise FateError(
                RetCode.OPERATING, f"the model has no component {source.component}, whose model is asked for"
            )
        ports, names = get_module(writer.module, writer.name).models, writer.outputs.get("model", ())
        place = names.index(source.output) if source.output in names else 0
        return Reference(source.component, ports[place], job) if place < len(ports) else None

    def _find_output(self, writer: Component, source: Source) -> str:
        module, place = self.modules[writer.name], writer.outputs[source.kind].index(source.output)
        ports = {"data": module.data, "model": module.models}.get(source.kind, ())
        if source.kind == "data" and self.uses_predictor(writer):
            ports = ("data",)
        if source.kind == "data" and place >= len(ports):
            raise FateError(
                RetCode.OPERATING,
                f"Component {writer.name}: module {writer.module} leaves {len(ports)} data outputs, "
                f"so {source.output!r} is none of them",
            )
        return ports[place] if place < len(ports) else ""


def pick_upstream(component: Component) -> Source | None:
    """The input that stands for the component's data output where the component is left out."""
    tables = component.list_data()
    for key in DATA_KEYS:
        found = next((source for source in tables if source.key == key), None)
        if found is not None:
            return found
    return None


def _refuse(component: Component, source: Source, message: str) -> FateError:
    where = f"{source.key}[{source.place}]" if source.place else source.key
    return FateError(RetCode.OPERATING, f"Component {component.name}'s input {where}: {message}")
