"""The errors' texts, which callers read."""

import pytest

from scheduler.domain import errors
from scheduler.domain.errors import (
    BusyError,
    FedrotaError,
    InvalidDocumentError,
    NotFoundError,
    Problem,
    UnreachableError,
)


def test_a_problem_reads_as_a_sentence_with_its_place():
    assert str(Problem("steps.0.name", "is no name", "Use letters.")) == "steps.0.name: is no name Use letters."
    assert str(Problem("steps", "none")) == "steps: none"


def test_a_wrong_document_lists_all_problems():
    error = InvalidDocumentError(Problem("a", "x"), Problem("b", "y"))
    assert str(error) == "a: x; b: y"
    assert [item.where for item in error.problems] == ["a", "b"]


def test_what_callers_need_to_act_is_on_the_error():
    assert NotFoundError("job", "j'1").message == """there is no job "j'1\""""
    assert NotFoundError("table", "d/t", party="9999").message == "there is no table 'd/t' at party '9999'"
    assert BusyError("full").retry_after_s == 1.0
    assert BusyError("full", 5).retry_after_s == 5
    assert UnreachableError("a", "gone").party == "a"


def test_every_error_has_a_code_of_its_own():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FedrotaError)]
    own = [kind for kind in kinds if "code" in vars(kind)]
    assert len({kind.code for kind in own}) == len(own) == 9


def test_a_key_that_is_taken_is_a_conflict_that_names_the_job():
    taken = errors.KeyTakenError("k1", "7")
    assert (taken.code, taken.job) == ("conflict", "7")
    assert "use a new key" in taken.message


@pytest.mark.parametrize("kind", FedrotaError.__subclasses__())
def test_every_error_is_one_that_the_edge_translates(kind):
    assert issubclass(kind, FedrotaError)
    assert kind.code != FedrotaError.code
