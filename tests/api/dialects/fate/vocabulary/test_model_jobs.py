from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.model_jobs import RESTORE, describe_model_job, make_store_draft
from scheduler.domain.access import Principal
from scheduler.service.models import ModelName

NAME = ModelName(project="p", model_id="m#1", version="7")


def test_storing_is_a_job_of_role_local():
    draft = make_store_draft(NAME, ("host", "10000"), by=Principal(name="me", kind="user", project="p"))
    assert (draft.roles, [step.name for step in draft.steps]) == ({"local": ("10000",)}, ["store_0"])
    shown = FateJob.parse(draft.origin)
    assert (shown.get_module("store_0"), shown.model_id, shown.model_version) == ("ModelStore", "m#1", "7")
    assert "model" not in draft.labels


def test_restoring_shows_each_component_as_restored():
    shown = describe_model_job(RESTORE, NAME, {"host": ("2",), "guest": ("1",)}, ["lr_0"])
    assert (shown.get_module("lr_0"), shown.initiator) == ("ModelRestore", ("guest", "1"))
    assert shown.conf["role"] == {"host": [2], "guest": [1]}
