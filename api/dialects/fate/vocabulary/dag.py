"""A job's components and how they hang together, as FATE's board draws them."""

from collections.abc import Collection, Mapping
from typing import Any

from api.dialects.fate.requests.dsl import Component, Source, list_ordered


def describe_dag(components: Mapping[str, Component], idle: Collection[str]) -> dict[str, Any]:
    """The components in an order that respects their needs; `idle` are those that do not run at the party asked about."""
    ordered, rest = list_ordered(components)
    names = [*ordered, *rest]
    return {
        "component_list": names,
        "dependencies": {name: found for name in names if (found := _list_dependencies(components[name], components))},
        "component_module": {name: components[name].module for name in names},
        "component_need_run": {name: name not in idle for name in names},
    }


def _list_dependencies(component: Component, components: Mapping[str, Component]) -> list[dict[str, Any]]:
    return [
        {
            "component_name": source.component,
            "type": source.key if source.kind == "data" else source.kind,
            "up_output_info": [source.kind, _find_place(source, components)],
        }
        for source in component.sources
        if not source.is_pipeline and source.component in components
    ]


def _find_place(source: Source, components: Mapping[str, Component]) -> int:
    outputs = components[source.component].outputs.get(source.kind, ())
    return outputs.index(source.output) if source.output in outputs else 0
