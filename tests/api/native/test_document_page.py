"""The page about the job document is the code's, and its example can be submitted."""

from api.native.document_page import EXAMPLE, render_page
from api.native.documents import JobDocument, RetryDocument, StepDocument
from api.native.drafts import make_draft
from api.native.yaml_documents import parse_yaml
from api.parsing import parse_body
from scheduler.domain.access import Principal
from scheduler.domain.model import Component
from scheduler.domain.plan import Catalogue, make_submission
from scheduler.service.catalogue import check_params
from workers.components.catalog import list_builtin


def test_the_page_in_docs_is_current(repository):
    assert (repository / "docs/job-document.md").read_text() == render_page(), "run `make docs`"


def test_every_field_stands_in_the_page(repository):
    page = (repository / "docs/job-document.md").read_text()
    for kind in (JobDocument, StepDocument, RetryDocument):
        assert all(f"| `{name}` |" in page and field.description in page for name, field in kind.model_fields.items())


def test_the_example_can_be_submitted():
    offers = {
        info.name: Component(
            name=info.name,
            params=info.params,
            inputs=info.inputs,
            outputs=info.outputs,
            roles=tuple(info.roles),
            exchange=info.exchange,
        )
        for info in list_builtin()
    }
    parties = frozenset({"9999", "10000", "10001"})
    known = Catalogue(parties=parties, offers=dict.fromkeys(parties, offers), check_params=check_params)
    given = parse_yaml(EXAMPLE.encode())
    draft = make_draft(parse_body(JobDocument, given), Principal(name="me", kind="user"), origin=given, key=None)
    submission = make_submission(draft, known)
    assert [step.name for step in submission.steps] == ["read", "train", "report"]
    assert submission.steps[2].members == (("guest", "9999"),)
