"""Parameters that go with a model from the component that made it to those of the same kind that take it in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.dialects.fate.requests.conf import RuntimeConf
from api.dialects.fate.requests.dsl import PIPELINE, Component
from api.dialects.fate.requests.selectors import merge
from api.dialects.fate.vocabulary.job_request import JobRequest
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.params import NEED_RUN, Place
from scheduler.domain.model import JsonObject
from scheduler.domain.order import sort_by_needs

Given = Mapping[str, Mapping[tuple[str, Any], dict[str, Any]]]
"""Name -> place or member -> parameters, without any defaults."""


def propagate(own: Given, *, kinds: Mapping[str, str], taken: Mapping[str, Iterable[str]]) -> Given:
    """The parameters of `own` over those of the same kind whose models are `taken`, each read once.

    `need_run` stays where it is. Who is in a circle, or takes a model from there, is left out.
    """
    makers = {
        name: [each for each in dict.fromkeys(taken.get(name, ())) if kinds.get(each) == kind]
        for name, kind in kinds.items()
    }
    found: dict[str, dict[tuple[str, Any], dict[str, Any]]] = {}
    for name in sort_by_needs(makers):
        found[name] = {
            place: merge(*(_drop_need_run(found[maker][place]) for maker in makers[name]), params)
            for place, params in own[name].items()
        }
    return found


def _drop_need_run(params: JsonObject) -> JsonObject:
    return {key: value for key, value in params.items() if key != NEED_RUN}


def propagate_params(request: JobRequest, components: Mapping[str, Component]) -> Given:
    """Each component's parameters at each member; what the earlier job trained counts as `pipeline.NAME`."""
    places = [(role, place) for role, parties in request.conf.roles.items() for place in range(len(parties))]
    own = {name: _list_own(request.conf, name, places) for name in components}
    kinds = {name: each.module.casefold() for name, each in components.items()}
    if request.trained is not None:
        fate = request.trained.fate
        conf = RuntimeConf(document=fate.conf, roles={}, initiator=fate.initiator)
        own |= {f"{PIPELINE}.{name}": _list_own(conf, name, places) for name in fate.components}
        kinds |= {f"{PIPELINE}.{name}": fate.get_module(name).casefold() for name in fate.components}
    taken = {name: list_taken(each) for name, each in components.items()}
    return propagate(own, kinds=kinds, taken=taken)


def list_taken(component: Component) -> list[str]:
    """Whose models the component takes in, by the names in what `propagate_params` gives."""
    return [
        f"{PIPELINE}.{source.component}" if source.is_pipeline else source.component
        for source in component.sources
        if source.kind == "model"
    ]


def warn_of_changes(component: Component, module: Module, given: Given, places: Iterable[Place]) -> Iterator[str]:
    """Of a component that predicts: its parameters at `places` that are not those that its model was trained with."""
    changed: dict[str, None] = {}
    for place in places:
        trained = merge(module.params, *(given[name][place] for name in list_taken(component) if name in given))
        asked = merge(module.params, given[component.name][place])
        changed |= {name: None for name, value in asked.items() if name != NEED_RUN and value != trained.get(name)}
    if changed:
        yield (
            f"[WARN]component_parameters of {component.name}: {', '.join(changed)} does not take effect: it predicts "
            "with what its model was trained with"
        )


def _list_own(conf: RuntimeConf, component: str, places: Iterable[Place]) -> dict[Place, dict[str, Any]]:
    return {place: conf.get_params(component, *place) for place in places}
