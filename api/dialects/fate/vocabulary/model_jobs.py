"""The jobs that say what was done with a model: stored, restored, imported."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.dialects.fate.vocabulary.fate_job import DIALECT, FateJob, find_initiator, number_party
from scheduler.domain.access import Principal
from scheduler.domain.plan import Draft, StepDraft
from scheduler.service.models import ModelName

STORE: Final = "store"
RESTORE: Final = "restore"
IMPORT: Final = "import"
_MODULES: Final = {STORE: "ModelStore", RESTORE: "ModelRestore", IMPORT: "ModelImport"}


def make_store_draft(name: ModelName, member: tuple[str, str], *, by: Principal) -> Draft:
    """The job that says in its log that the model is in the parties' stores."""
    role, party = member
    roles = {"local": (party,)}
    step = StepDraft(
        name=f"{STORE}_0",
        run={"component": "noop"},
        params={"log": f"stored model {name} for {role} {party}"},
    )
    return Draft(
        name=f"store of model {name}"[:200],
        owner=by.name,
        org=by.org,
        project=by.project,
        roles=roles,
        steps=(step,),
        dialect=DIALECT,
        origin=describe_model_job(STORE, name, roles, [step.name]).render(),
    )


def describe_model_job(
    kind: str, name: ModelName, roles: Mapping[str, Sequence[str]], components: Sequence[str]
) -> FateJob:
    """FATE's view of a job that does `kind` with a model."""
    role, party = initiator = find_initiator(roles)
    params = {"model_id": name.model_id, "model_version": name.version}
    conf: dict[str, Any] = {
        "dsl_version": 2,
        "initiator": {"role": role, "party_id": number_party(party)},
        "role": {each: [number_party(member) for member in members] for each, members in roles.items()},
        "job_parameters": {"common": {"job_type": "train", **params}},
        "component_parameters": {"common": dict.fromkeys(components, params)},
    }
    dsl = {"components": {component: {"module": _MODULES[kind]} for component in components}}
    return FateJob(
        sent_conf=conf,
        sent_dsl=dsl,
        conf=conf,
        dsl=dsl,
        model_id=name.model_id,
        model_version=name.version,
        initiator=initiator,
    )
