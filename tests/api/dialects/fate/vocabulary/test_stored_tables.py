import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.roles import Cast
from api.dialects.fate.vocabulary.stored_tables import list_stored
from scheduler.domain.references import Reference

MODULES = {"reader_0": get_module("Reader", "reader_0"), "eval_0": get_module("Evaluation", "eval_0")}
OWN = {"table": {"namespace": "experiment", "name": "breast"}}


def make_stored(role, party, job="77"):
    return {"table": {"namespace": f"output_data_{job}_lr_0_0", "name": f"{role}.{party}.data"}}


def find(guest, host):
    casts = {"reader_0": Cast(given={("guest", 0): guest, ("host", 0): host}), "eval_0": Cast(given={("guest", 0): {}})}
    return list_stored(casts, MODULES)


def test_a_reader_of_an_output_stands_for_it():
    assert find(make_stored("guest", 1), make_stored("host", 2)) == {"reader_0": Reference("lr_0", "data", "77")}


def test_a_reader_of_tables_is_a_reader():
    assert find(OWN, OWN) == {}
    assert find({}, OWN) == {}
    assert list_stored({"reader_0": Cast(given={})}, MODULES) == {}


@pytest.mark.parametrize("host", [OWN, make_stored("host", 2, job="78")])
def test_parties_that_name_different_things_are_refused(host):
    with pytest.raises(FateError, match="Component reader_0: all parties read tables of their own, or the same output"):
        find(make_stored("guest", 1), host)
