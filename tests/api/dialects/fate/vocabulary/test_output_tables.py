import pytest

from api.dialects.fate.vocabulary.output_tables import OutputAddress, address_output, find_address
from scheduler.store.queries.tracking import OutputView, Where
from workers.workdir import check_name

WHERE = Where(step="hetero_lr_0", role="guest", party="party.9999", attempt=2, task="t")
OUTPUT = OutputView(where=WHERE, seq=3, name="data", kind="table", size=1, sha256="x", facts={})


def test_an_address_leads_back():
    address = address_output("2026112115211612829958306", OUTPUT)
    assert address.namespace == "output_data_2026112115211612829958306_hetero_lr_0_1"
    assert address.name == "guest.party.9999.data"
    assert find_address(address.namespace, address.name) == address
    assert address.fits(OUTPUT)
    assert str(address.reference) == "2026112115211612829958306:hetero_lr_0.data"
    assert check_name(address.namespace)
    assert check_name(address.name)


def test_an_address_of_another_attempt_does_not_fit():
    address = address_output("1", OUTPUT)
    assert not OutputAddress(
        job="1", step=address.step, version=0, role=address.role, party=address.party, output=address.output
    ).fits(OUTPUT)


@pytest.mark.parametrize(
    ("namespace", "name"), [("experiment", "breast"), ("output_data_1_a_0", "breast"), ("output_data_1", "a.b.c")]
)
def test_ordinary_tables_have_none(namespace, name):
    assert find_address(namespace, name) is None
