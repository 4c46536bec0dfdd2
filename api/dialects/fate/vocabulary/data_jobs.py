"""The jobs that record what was done with a table: FATE's uploads, downloads and copies are jobs of role `local`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.dialects.fate.vocabulary.fate_job import DIALECT, FateJob, make_model_id, number_party
from scheduler.domain.access import Principal
from scheduler.domain.plan import Draft, StepDraft

ROLE: Final = "local"
LABEL: Final = "fate"
UPLOAD: Final = "upload"
DOWNLOAD: Final = "download"
WRITER: Final = "writer"


def name_component(kind: str) -> str:
    """The job's one component, e.g. `upload_0`."""
    return f"{kind}_0"


def make_data_draft(kind: str, params: Mapping[str, Any], parties: Sequence[str], *, log: str, by: Principal) -> Draft:
    """The job that says in its log what was done at these parties; `params` are shown as the component's."""
    component = name_component(kind)
    conf: dict[str, Any] = {
        "dsl_version": 2,
        "initiator": {"role": ROLE, "party_id": number_party(parties[0])},
        "role": {ROLE: [number_party(party) for party in parties]},
        "job_parameters": {"common": {"job_type": "train"}},
        "component_parameters": {"role": {ROLE: {"all": {component: dict(params)}}}},
    }
    dsl = {"components": {component: {"module": kind.capitalize()}}}
    origin = FateJob(
        sent_conf=conf,
        sent_dsl=dsl,
        conf=conf,
        dsl=dsl,
        model_id=make_model_id({ROLE: parties}),
        initiator=(ROLE, parties[0]),
    )
    return Draft(
        name=f"{kind} {params.get('namespace', '')}/{params.get('name', '')}",
        owner=by.name,
        org=by.org,
        project=by.project,
        roles={ROLE: tuple(parties)},
        steps=(StepDraft(name=component, run={"component": "noop"}, params={"log": log}),),
        dialect=DIALECT,
        labels={LABEL: kind},
        origin=origin.render(),
    )
