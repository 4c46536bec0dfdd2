"""A model from elsewhere becomes one of this installation: its parts are outputs of a job here."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import CATALOGUE, PRINCIPAL, READER, WRITER
from api.models.manifest import Manifest, PartEntry
from api.models.waiting import run_to_end
from scheduler.domain.errors import ConflictError, FedrotaError, InvalidDocumentError, Problem
from scheduler.domain.model import Submission
from scheduler.domain.plan import Draft, StepDraft, make_submission
from scheduler.service.ids import new_definition_id
from scheduler.service.models import Arrival, ModelName, check_model_name, receive_model
from scheduler.store.queries.models import Model, find_model

Deliver = Callable[[PartEntry, Mapping[str, Any]], Awaitable[object]]
"""Brings a part to its party; the mapping is the place there (key, member, step, name, sha256)."""
COMPONENT: Final = "restore_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """How a model is to be taken in: under which name, and how the job shows itself in a dialect."""

    name: ModelName
    replaces: bool = False
    dialect: str = "native"
    describe: Callable[[Draft], Mapping[str, Any]] = field(default=lambda _draft: {})
    """The job's `origin`."""


async def install_model(request: web.Request, manifest: Manifest, deliver: Deliver, wanted: ImportRequest) -> Model:
    """Bring every part to its party, let a job take them over there, register the model.

    Members whose party is not registered here keep their place in the model, without their part. ConflictError where
    the model exists and `replaces` is not set, InvalidDocumentError where its name is too long to store; UnreachableError
    where a party that is to take a part is away.
    """
    name = wanted.name
    check_model_name(name)
    former = await request.app[READER].read(lambda tx: find_model(tx, name.project, name.model_id, name.version))
    if former is not None and not wanted.replaces:
        raise ConflictError(f"model {name} exists already")
    parties = (await request.app[CATALOGUE].get()).parties
    here = [entry for entry in manifest.parts if entry.party in parties]
    if not here:
        raise InvalidDocumentError(Problem("file", "no party that has a part in this model is registered here"))
    key = new_definition_id(32)
    addresses = _number_members(manifest, parties)
    try:
        for entry in here:
            place = {"key": key, "member": addresses[entry.role, entry.party], "step": entry.step, "name": entry.name}
            await deliver(entry, {**place, "sha256": entry.sha256})
        job = await run_to_end(request, await _plan(request, manifest, wanted, key=key, parties=parties))
    finally:
        await _drop_arrival(request, key, {entry.party for entry in here})
    arrival = _make_arrival(manifest, name, job)
    by, replaces = actor_of(request), wanted.replaces
    return await request.app[WRITER].write(
        lambda tx: receive_model(tx, arrival, replaces=replaces, by=by, now=utc_now())
    )


def _number_members(manifest: Manifest, parties: frozenset[str]) -> dict[tuple[str, str], str]:
    """(role, party) -> "role.position" in the job that takes the model in."""
    found: dict[tuple[str, str], str] = {}
    for role, members in _list_roles(manifest, parties).items():
        for position, party in enumerate(members):
            found[role, party] = f"{role}.{position}"
    return found


def _list_roles(manifest: Manifest, parties: frozenset[str]) -> dict[str, tuple[str, ...]]:
    holders = {(entry.role, entry.party) for entry in manifest.parts if entry.party in parties}
    roles: dict[str, tuple[str, ...]] = {}
    for member in manifest.members:
        if (member.role, member.party) in holders:
            roles[member.role] = (*roles.get(member.role, ()), member.party)
    return roles


async def _plan(
    request: web.Request, manifest: Manifest, wanted: ImportRequest, *, key: str, parties: frozenset[str]
) -> Submission:
    principal = request[PRINCIPAL]
    draft = Draft(
        name=f"import of model {wanted.name}"[:200],
        owner=principal.name,
        org=principal.org,
        project=principal.project,
        roles=_list_roles(manifest, parties),
        steps=_make_steps(manifest, key, parties),
        dialect=wanted.dialect,
    )
    return make_submission(replace(draft, origin=wanted.describe(draft)), await request.app[CATALOGUE].get())


def _make_steps(manifest: Manifest, key: str, parties: frozenset[str]) -> tuple[StepDraft, ...]:
    addresses = _number_members(manifest, parties)
    steps: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for entry in manifest.parts:
        if entry.party in parties:
            part = {"name": entry.name, "kind": entry.kind, "sha256": entry.sha256, "facts": entry.facts}
            members = steps.setdefault(entry.step, {})
            members.setdefault(addresses[entry.role, entry.party], []).append(part)
    return tuple(
        StepDraft(
            name=step,
            run={"component": COMPONENT, "arrival": key},
            roles=tuple(dict.fromkeys(address.partition(".")[0] for address in members)),
            overrides={address: {"parts": parts} for address, parts in members.items()},
        )
        for step, members in steps.items()
    )


def _make_arrival(manifest: Manifest, name: ModelName, job: str) -> Arrival:
    parent = (manifest.parent_model_id, manifest.parent_model_version)
    return Arrival(
        name=name,
        job=job,
        members=[(member.role, member.party) for member in manifest.members],
        components=None if manifest.components is None else tuple(manifest.components),
        recipe=manifest.recipe,
        parent=parent if parent[1] else None,
        notes=manifest.notes,
    )


async def _drop_arrival(request: web.Request, key: str, parties: set[str]) -> None:
    """The files have become outputs, or nobody will want them; a worker that is away drops them at its next start."""
    for party in sorted(parties):
        with suppress(FedrotaError):
            await request.app[CHANNEL_HUB].call(party, "arrival.drop", {"key": key})
