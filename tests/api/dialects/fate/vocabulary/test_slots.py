import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.vocabulary.slots import fit_slots

ROLES = {"guest": ("9999",), "host": ("10000",), "arbiter": ("10000",)}


def test_a_job_that_does_not_say_takes_one_slot_a_task():
    assert fit_slots(None, ROLES, {"9999": 4}) == (1, ())


def test_cores_are_slots_where_they_fit():
    assert fit_slots(2, ROLES, {"9999": 4, "10000": 4}) == (2, ())
    assert fit_slots(3, ROLES, {}) == (3, ())


def test_a_party_with_two_roles_shares_its_slots():
    slots, (warning,) = fit_slots(4, ROLES, {"9999": 4, "10000": 4})
    assert slots == 2
    assert "task_cores is 2 instead of 4" in warning


def test_more_than_a_party_has_is_refused():
    with pytest.raises(FateError, match="max cores per job is 4 at party 10000 .* expect 500 cores") as refused:
        fit_slots(500, {"host": ("10000",)}, {"10000": 4})
    assert refused.value.retcode == 103
