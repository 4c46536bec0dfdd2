"""Who runs which component of a job, and who was told not to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.dsl import Component
from api.dialects.fate.vocabulary.fate_job import Member
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.params import NEED_RUN, Place
from scheduler.domain.plan import MAX_TASKS

VERTICAL: Final = frozenset({"hetero_lr", "hetero_linr", "hetero_poisson"})
PREDICTING: Final = ("guest", "host")
"""Who takes part where a model is applied: an arbiter has no part in predictions."""
MAX_PLACES: Final = 10 * MAX_TASKS
"""Components times parties; more than tasks, since some components have no task at some parties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A component's members: what those that run it are given, and who passes."""

    given: Mapping[Place, Mapping[str, Any]]
    passing: tuple[Member, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that run it."""
        return tuple(dict.fromkeys(role for role, _ in self.given))


def check_size(components: int, roles: Mapping[str, Sequence[str]]) -> None:
    """FateError where a job is far larger than any that can run, before anything is made of it."""
    parties = sum(map(len, roles.values()))
    if components * parties > MAX_PLACES:
        raise FateError(
            RetCode.OPERATING,
            f"{components} components at {parties} parties are too many: a job has at most {MAX_TASKS} tasks",
        )


def list_places(
    component: Component, module: Module, roles: Mapping[str, Sequence[str]], *, predicts: bool
) -> list[Place]:
    """The members that a component has; FateError where the job has no party for it."""
    wanted = [role for role in module.roles if role in PREDICTING] if predicts else module.roles
    places = [(role, place) for role in roles if role in wanted for place in range(len(roles[role]))]
    if not places:
        raise FateError(
            RetCode.OPERATING,
            f"Component {component.name}: module {module.name} runs at {', '.join(wanted)}, but the job has only "
            f"{', '.join(roles)}",
        )
    return places


def cast_component(
    component: Component, module: Module, given: Mapping[Place, Mapping[str, Any]], roles: Mapping[str, Sequence[str]]
) -> Cast:
    """Who runs the component, by `need_run` of each; FateError where only some parties of one role do.

    All do where the module knows `need_run` itself: its component then hands on what it reads.
    """
    hands_on = NEED_RUN in module.params
    running = {place: params for place, params in given.items() if hands_on or params.get(NEED_RUN, True) is not False}
    passing = [place for place in given if place not in running]
    mixed = {role for role, _ in passing} & {role for role, _ in running}
    if mixed:
        raise FateError(
            RetCode.OPERATING,
            f"Component {component.name}: need_run differs among the parties of {', '.join(sorted(mixed))}: give all "
            "of them the same",
        )
    return Cast(given=running, passing=tuple((role, roles[role][position]) for role, position in passing))


def check_readers(casts: Mapping[str, Cast], components: Mapping[str, Component]) -> None:
    """FateError where a component runs at a role at which the one that it reads from was told not to."""
    for component in components.values():
        for source in component.sources:
            writer = casts.get(source.component)
            if source.is_pipeline or writer is None or not writer.given or component.name not in casts:
                continue
            left_out = {role for role, _ in writer.passing} & set(casts[component.name].roles)
            if left_out and source.kind == "data":
                raise FateError(
                    RetCode.OPERATING,
                    f"Component {source.component} has need_run false at {', '.join(sorted(left_out))}, but component "
                    f"{component.name} reads its output there: set it at all roles, or at none",
                )


def check_arbiter(
    components: Mapping[str, Component], modules: Mapping[str, Module], roles: Mapping[str, Sequence[str]]
) -> None:
    """FateError where the guest of a vertical model is its arbiter too, unless it is the only host as well (a trial)."""
    guests, hosts, arbiters = (set(roles.get(role, ())) for role in ("guest", "host", "arbiter"))
    vertical = next((name for name in components if modules[name].component in VERTICAL), None)
    if vertical is not None and guests & arbiters and hosts != guests:
        raise FateError(
            RetCode.OPERATING,
            f"Component {vertical}: component constraint party id: the guest may be the arbiter only where it is the sole "
            "host too; name another party as arbiter",
        )
