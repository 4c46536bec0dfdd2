from pathlib import Path

import pytest

from api.native import documents
from api.native.documents import JobDocument, StepDocument
from api.native.yaml_documents import parse_yaml
from api.parsing import parse_body
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


BODIES = [kind for kind in vars(documents).values() if isinstance(kind, type) and issubclass(kind, documents.Body)]


@pytest.mark.parametrize("kind", [kind for kind in BODIES if "examples" in kind.model_json_schema()])
def test_an_example_of_a_body_is_taken_as_it_is(kind):
    for example in kind.model_json_schema()["examples"]:
        assert parse_body(kind, example).model_dump(exclude_unset=True) == example


def test_what_the_page_submits_is_the_toy_of_the_examples():
    toy = parse_yaml((Path(documents.__file__).parents[2] / "examples" / "toy.yaml").read_bytes())
    assert JobDocument.model_json_schema()["examples"] == [toy]
