from api.dialects.fate.vocabulary.data_jobs import UPLOAD, make_data_draft
from api.dialects.fate.vocabulary.fate_job import FateJob
from scheduler.domain.access import Principal


def test_an_upload_is_a_job_of_role_local():
    by = Principal(name="me", kind="user", org="o", project="p")
    draft = make_data_draft(UPLOAD, {"namespace": "n", "name": "t"}, ["9999", "site-b"], log="done", by=by)
    assert (draft.name, draft.owner, draft.roles) == ("upload n/t", "me", {"local": ("9999", "site-b")})
    fate = FateJob.parse(draft.origin)
    assert fate.conf["role"] == {"local": [9999, "site-b"]}
    assert (fate.initiator, fate.get_module("upload_0")) == (("local", "9999"), "Upload")
    (step,) = draft.steps
    assert (step.name, step.params) == ("upload_0", {"log": "done"})
