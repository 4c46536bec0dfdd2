"""From a caller's draft of a job to a submission in which every reference is known to hold."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from difflib import SequenceMatcher, get_close_matches
from typing import Any, Final

from scheduler.domain.errors import InvalidDocumentError, Problem, first_problems
from scheduler.domain.model import Component, JsonObject, Retry, StepPlan, Submission
from scheduler.domain.order import sort_by_needs
from scheduler.domain.references import find_reference
from scheduler.domain.values import valueclass

STEP_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
ROLE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
MAX_STEPS: Final = 1000
MAX_TASKS: Final = 10_000
FEW: Final = 20
"""So many known words a hint still lists; the fields of a step are among them."""
DEFAULT_RETRY: Final = Retry()
DEFAULT_NAMESPACE: Final = "default"
"""Where a data table lies of which only the name is told."""


@valueclass(frozen=True, slots=True, kw_only=True)
class StepDraft:
    """A step as the caller wrote it; `roles` None means all of the job's roles, `gang` None: as the component says."""

    name: str
    run: JsonObject
    roles: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    params: JsonObject = field(default_factory=dict)
    overrides: Mapping[str, JsonObject] = field(default_factory=dict)
    retry: Retry = DEFAULT_RETRY
    timeout_s: float | None = None
    slots: int = 1
    gang: bool | None = None
    services: tuple[str, ...] = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A job as the caller wrote it, after its types were checked; fields as in `Submission`."""

    name: str
    owner: str
    org: str = ""
    project: str
    roles: Mapping[str, tuple[str, ...]]
    steps: tuple[StepDraft, ...]
    priority: int = 0
    deadline_s: float | None = None
    dialect: str = "native"
    labels: Mapping[str, str] = field(default_factory=dict)
    origin: JsonObject = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    borrowed: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None


CheckParams = Callable[[JsonObject, JsonObject], Sequence[Problem]]
"""(JSON Schema, parameters) -> what is wrong, with `where` relative to the parameters."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What is known of the parties: all registered ids, and what each one's worker offers.

    A party that never introduced itself has no entry in `offers`: its components cannot be judged yet.
    """

    parties: frozenset[str]
    offers: Mapping[str, Mapping[str, Component]]
    check_params: CheckParams


def make_submission(draft: Draft, catalogue: Catalogue) -> Submission:
    """The draft with steps in an order that respects their needs; InvalidDocumentError names the first faults."""
    planner = _Planner(draft, catalogue)
    problems = first_problems(planner.check())
    if problems:
        raise InvalidDocumentError(*problems)
    return planner.plan()


def _check_roles(draft: Draft, catalogue: Catalogue) -> Iterator[Problem]:
    if not draft.roles:
        yield Problem("parties", "name at least one role with its parties")
    for role, parties in draft.roles.items():
        if not ROLE_NAME.fullmatch(role):
            yield Problem(f"parties.{role}", "a role's name has letters, digits, '_' and '-'")
        if not parties:
            yield Problem(f"parties.{role}", "the role has no party")
        if len(set(parties)) < len(parties):
            yield Problem(f"parties.{role}", "a party stands in the list twice")
        for position, party in enumerate(parties):
            if party not in catalogue.parties:
                yield Problem(
                    f"parties.{role}.{position}",
                    f"party {party!r} is not registered.",
                    nearest(party, catalogue.parties),
                )


def _check_shape(draft: Draft) -> Iterator[Problem]:
    if not draft.steps:
        yield Problem("steps", "a job needs at least one step")
    if len(draft.steps) > MAX_STEPS:
        yield Problem("steps", f"{len(draft.steps)} steps are more than the limit of {MAX_STEPS}")
    members = sum(len(parties) for parties in draft.roles.values())
    if members * len(draft.steps) > MAX_TASKS:
        yield Problem("steps", f"steps times parties exceed the limit of {MAX_TASKS} tasks")
    first: dict[str, int] = {}
    for position, step in enumerate(draft.steps):
        if not STEP_NAME.fullmatch(step.name):
            yield Problem(
                f"steps.{position}.name",
                f"{step.name!r} is no step name: 1 to 64 letters, digits, '_', '-', not '_' or '-' first",
            )
        if first.setdefault(step.name, position) != position:
            yield Problem(f"steps.{position}.name", f"step {step.name!r} is there already, as steps.{first[step.name]}")


def nearest(word: str, known: Iterator[str] | frozenset[str] | Sequence[str] | Mapping[str, Any]) -> str:
    """A hint that names the closest known word, or all of a few, or nothing."""
    words = sorted(known)
    close = get_close_matches(word, words)
    if close:
        best = max(close, key=lambda each: (round(SequenceMatcher(a=each, b=word).ratio(), 1), each[:3] == word[:3]))
        return f"Did you mean {best!r}?"
    return f"Known: {', '.join(words)}." if 0 < len(words) <= FEW else ""


class _Planner:
    """Checks each step against the others and the catalogue, then puts them in order."""

    def __init__(self, draft: Draft, catalogue: Catalogue) -> None:
        self.draft = draft
        self.catalogue = catalogue
        self.steps = {step.name: step for step in draft.steps}
        self._needs = {name: _needs_of(step) for name, step in self.steps.items()}
        self._everybody = tuple((role, party) for role, parties in draft.roles.items() for party in parties)
        self._first_offers: dict[str, Component | None] = {}
        self._order = sort_by_needs(self._needs)

    def check(self) -> Iterator[Problem]:
        """All that is wrong; where there are no steps to look at, or too many, nothing about them."""
        yield from _check_roles(self.draft, self.catalogue)
        yield from _check_shape(self.draft)
        if self.draft.roles and len(self.draft.steps) <= MAX_STEPS:
            for position in range(len(self.draft.steps)):
                yield from self._check_step(position)
            yield from self._check_cycle()

    def _check_step(self, position: int) -> Iterator[Problem]:
        step = self.draft.steps[position]
        where = f"steps.{position}"
        yield from self._check_references(step, where)
        yield from self._check_members(step, where)
        yield from _check_finite(step.params, f"{where}.params")
        for target, params in step.overrides.items():
            yield from _check_finite(params, f"{where}.overrides.{target}")
        if "component" in step.run:
            yield from self._check_component(step, where)

    def _check_references(self, step: StepDraft, where: str) -> Iterator[Problem]:
        for position, need in enumerate(step.needs):
            if need not in self.steps:
                yield Problem(f"{where}.needs.{position}", f"there is no step {need!r}.", nearest(need, self.steps))
        for port, text in step.inputs.items():
            reference = find_reference(text)
            place = f"{where}.inputs.{port}"
            if reference is None:
                yield Problem(
                    place,
                    f"{text!r} does not say step.output",
                    "Write for example 'read.data', or 'JOB:train.model' for an output of an earlier job.",
                )
            elif reference.job:
                continue
            elif reference.step not in self.steps:
                yield Problem(place, f"there is no step {reference.step!r}.", nearest(reference.step, self.steps))
            else:
                yield from self._check_output(self.steps[reference.step], reference.output, place)

    def _check_output(self, source: StepDraft, output: str, place: str) -> Iterator[Problem]:
        known = self._outputs(source)
        if known is not None and output not in known:
            has = f"it has: {', '.join(sorted(known))}" if known else "it has none"
            yield Problem(place, f"step {source.name!r} has no output {output!r}; {has}")

    def _outputs(self, step: StepDraft) -> Mapping[str, Any] | None:
        """The step's outputs, or None where they cannot be known."""
        if "component" not in step.run:
            declared: Mapping[str, Any] = step.run.get("outputs", {})
            return declared
        offer = self._find_offer(step.run["component"])
        return None if offer is None else offer.outputs

    def _find_offer(self, name: str) -> Component | None:
        """The component as the first of the parties that offer it does."""
        if name not in self._first_offers:
            parties = sorted({party for _, party in self._everybody})
            offers = (self.catalogue.offers.get(party, {}).get(name) for party in parties)
            self._first_offers[name] = next(filter(None, offers), None)
        return self._first_offers[name]

    def _check_members(self, step: StepDraft, where: str) -> Iterator[Problem]:
        if step.roles is not None and not step.roles:
            yield Problem(f"{where}.roles", "name at least one role")
        for position, role in enumerate(step.roles or ()):
            if role not in self.draft.roles:
                yield Problem(
                    f"{where}.roles.{position}", f"the job has no role {role!r}.", nearest(role, self.draft.roles)
                )
        members = self._members(step)
        if step.services and members and {role for role, _ in members} <= set(step.services):
            yield Problem(f"{where}.services", "every role only serves: at least one must do the work")
        targets = _targets(members) if step.overrides else frozenset()
        for target in step.overrides:
            if target not in targets:
                yield Problem(
                    f"{where}.overrides.{target}",
                    f"{target!r} is no role or role.position of this step.",
                    nearest(target, targets),
                )

    def _check_component(self, step: StepDraft, where: str) -> Iterator[Problem]:
        name = step.run["component"]
        seen: set[tuple[str, str]] = set()
        for role, party, position in number_members(self._members(step)):
            offers = self.catalogue.offers.get(party)
            if offers is None:
                continue
            if name not in offers:
                yield Problem(
                    f"{where}.component", f"party {party} offers no component {name!r}.", nearest(name, offers)
                )
                return
            params = merge_params(step.params, step.overrides, role, position)
            for problem in self._check_offer(offers[name], step, role, params):
                if (problem.where, problem.message) not in seen:
                    seen.add((problem.where, problem.message))
                    yield Problem(f"{where}.{problem.where}", problem.message, problem.hint)

    def _check_offer(self, offer: Component, step: StepDraft, role: str, params: JsonObject) -> Iterator[Problem]:
        if offer.roles and role not in offer.roles:
            yield Problem("roles", f"component {offer.name!r} knows no role {role!r}.", nearest(role, offer.roles))
        for port in step.inputs:
            if port not in offer.inputs:
                yield Problem(
                    f"inputs.{port}", f"component {offer.name!r} has no input {port!r}.", nearest(port, offer.inputs)
                )
        for problem in self.catalogue.check_params(offer.params, params):
            yield Problem(f"params{problem.where}", problem.message, problem.hint)

    def _members(self, step: StepDraft) -> tuple[tuple[str, str], ...]:
        if step.roles is None:
            return self._everybody
        return tuple(member for member in self._everybody if member[0] in step.roles)

    def _check_cycle(self) -> Iterator[Problem]:
        stuck = self.steps.keys() - self._order
        if stuck:
            names = [step.name for step in self.draft.steps if step.name in stuck]
            yield Problem("steps", f"these steps wait for each other in a circle: {', '.join(names)}")

    def plan(self) -> Submission:
        draft = self.draft
        return Submission(
            name=draft.name,
            owner=draft.owner,
            org=draft.org,
            project=draft.project,
            roles=draft.roles,
            steps=tuple(self._plan_step(self.steps[name]) for name in self._order),
            priority=draft.priority,
            deadline_s=draft.deadline_s,
            dialect=draft.dialect,
            labels=draft.labels,
            origin=draft.origin,
            attachments=draft.attachments,
            fingerprint=draft.fingerprint,
            borrowed=draft.borrowed,
            idempotency_key=draft.idempotency_key,
        )

    def _plan_step(self, step: StepDraft) -> StepPlan:
        offer = self._find_offer(step.run["component"]) if "component" in step.run else None
        return StepPlan(
            name=step.name,
            run=step.run,
            members=self._members(step),
            needs=self._needs[step.name],
            inputs=step.inputs,
            params=step.params,
            overrides=step.overrides,
            retry=step.retry,
            timeout_s=step.timeout_s,
            slots=step.slots,
            services=step.services,
            gang=step.gang if step.gang is not None else bool(offer and offer.exchange),
        )


def _needs_of(step: StepDraft) -> tuple[str, ...]:
    """The steps that it names itself, and those whose outputs it takes."""
    references = (find_reference(text) for text in step.inputs.values())
    sources = (reference.step for reference in references if reference is not None and not reference.job)
    return tuple(dict.fromkeys((*step.needs, *sources)))


def number_members(members: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, int]]:
    """(role, party, position) of each (role, party): positions count from 0 within a role, as overrides name them."""
    positions: dict[str, int] = {}
    for role, party in members:
        position = positions[role] = positions.get(role, -1) + 1
        yield role, party, position


def merge_params(params: JsonObject, overrides: Mapping[str, JsonObject], role: str, position: int) -> JsonObject:
    """A member's parameters: the step's, then its role's, then its own; nested objects are replaced whole."""
    own = overrides.get(f"{role}.{position}", {})
    return {**params, **overrides.get(role, {}), **own} if overrides else params


def find_read_table(params: JsonObject) -> tuple[str, str] | None:
    """(namespace, name) of the data table that a member with these parameters reads, None where it reads none."""
    namespace, name = params.get("namespace", DEFAULT_NAMESPACE), params.get("table")
    return (namespace, name) if isinstance(namespace, str) and isinstance(name, str) else None


def _targets(members: Sequence[tuple[str, str]]) -> frozenset[str]:
    numbered = number_members(members)
    return frozenset(target for role, _, position in numbered for target in (role, f"{role}.{position}"))


def _check_finite(value: Any, where: str) -> Iterator[Problem]:
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem(where, "not a finite number")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _check_finite(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _check_finite(item, f"{where}.{position}")
