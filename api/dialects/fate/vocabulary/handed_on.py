"""Parameters that go with a model from the component that made it to those of the same module that take it in."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.dialects.fate.requests.conf import RuntimeConf
from api.dialects.fate.requests.dsl import Component, list_ordered
from api.dialects.fate.requests.selectors import JsonObject, merge
from api.dialects.fate.vocabulary.params import NEED_RUN, Place
from api.dialects.fate.vocabulary.wish import Wish

Given = Mapping[tuple[str, Place], dict[str, Any]]
"""(component, place) -> parameters, without any defaults."""


def hand_on_params(wish: Wish, components: Mapping[str, Component]) -> Given:
    """Each component's parameters at each member: those handed on, and over them the job's own; no circles may be left."""
    places = [(role, place) for role, parties in wish.conf.roles.items() for place in range(len(parties))]
    ordered, _ = list_ordered(components)
    found: dict[tuple[str, Place], dict[str, Any]] = {}
    for name in ordered:
        makers = list(dict.fromkeys(_list_makers(wish, components, components[name])))
        for place in places:
            handed_on = [
                _get_trained_params(wish, maker, place) if is_earlier else found[maker, place]
                for maker, is_earlier in makers
            ]
            kept = ({key: value for key, value in each.items() if key != NEED_RUN} for each in handed_on)
            found[name, place] = merge(*kept, wish.conf.get_params(name, *place))
    return found


def _list_makers(wish: Wish, components: Mapping[str, Component], component: Component) -> Iterator[tuple[str, bool]]:
    """The components of the same module whose models come in, and whether they are the earlier job's that trained."""
    module = component.module.casefold()
    for source in component.sources:
        if source.kind != "model":
            continue
        if source.is_pipeline and wish.trained is not None:
            if wish.trained.fate.get_module(source.component).casefold() == module:
                yield source.component, True
        elif source.component in components and components[source.component].module.casefold() == module:
            yield source.component, False


def _get_trained_params(wish: Wish, component: str, place: Place) -> JsonObject:
    if wish.trained is None:
        return {}
    fate = wish.trained.fate
    return RuntimeConf(document=fate.conf, roles={}, initiator=fate.initiator).get_params(component, *place)
