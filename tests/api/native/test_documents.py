import pytest

from api.checks import parse_body
from api.native.documents import JobDocument, StepDocument
from scheduler.domain.errors import InvalidDocumentError


@pytest.mark.parametrize("given", [True, 1.5, None, "", "x" * 65, []])
def test_a_party_is_text_or_a_whole_number(given):
    document = {"name": "x", "parties": {"guest": [given]}, "steps": [{"name": "a", "component": "noop"}]}
    with pytest.raises(InvalidDocumentError) as wrong:
        parse_body(JobDocument, document)
    assert [problem.where for problem in wrong.value.problems] == ["parties.guest.0"]


def test_defaults_are_not_shared_between_documents():
    first, second = (parse_body(StepDocument, {"name": "a", "component": "noop"}) for _ in range(2))
    assert first.params is not second.params
    assert "default" not in StepDocument.model_json_schema()["properties"]["command"]
