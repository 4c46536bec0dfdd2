"""The core's job that comes of a FLARE job."""

from api.dialects.flare.vocabulary.draft import make_draft
from tests.api.dialects.flare.vocabulary.jobs import BLOB, ME, job


def test_a_draft_has_one_step_with_each_members_app():
    wanted = job(apps={"app_server": ("server",), "app_a": ("a",), "app_b": ("b",)})
    draft = make_draft(wanted, BLOB, server="s", sites=("b", "a"), by=ME)
    (step,) = draft.steps
    assert draft.roles == {"server": ("s",), "client": ("b", "a")}
    assert step.overrides == {
        "server": {"app": "app_server"}, "client.0": {"app": "app_b"}, "client.1": {"app": "app_a"},
    }  # fmt: skip
    assert draft.attachments == {"job.zip": "b1"}
    assert draft.origin["submitter"] == {"name": "me", "org": "hq", "role": "lead"}
