import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.permissions import get_grantee, list_wanted, list_wanted_old


def seen(grants):
    return [(grant.grantee, grant.kind, grant.namespace, grant.name) for grant in grants]


def test_names_with_commas_stars_and_datasets():
    members = {"component": "HeteroLR, Reader", "dataset": [{"namespace": "n", "name": "t"}, {"namespace": "m"}]}
    assert seen(list_wanted(members, "x")) == [
        ("x", "component", "", "heterolr"),
        ("x", "component", "", "reader"),
        ("x", "dataset", "n", "t"),
        ("x", "dataset", "m", "*"),
    ]
    assert seen(list_wanted({"component": "*", "dataset": "*"}, "x")) == [
        ("x", "component", "", "*"),
        ("x", "dataset", "", "*"),
    ]
    assert seen(list_wanted({"dataset": ["*"]}, "x")) == [("x", "dataset", "", "*")]
    assert list_wanted({}, "x") == []


def test_the_old_form_has_roles_commands_and_components_and_says_all():
    members = {"privilege_role": "all", "privilege_command": "create,stop", "privilege_component": "DataIO"}
    assert seen(list_wanted_old(members, "x")) == [
        ("x", "role", "", "*"),
        ("x", "command", "", "create"),
        ("x", "command", "", "stop"),
        ("x", "component", "", "dataio"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"component": 3},
        {"component": [1]},
        {"dataset": 3},
        {"dataset": {"name": "t"}},
        {"dataset": {"namespace": "", "name": "t"}},
        {"dataset": {"namespace": 1, "name": "t"}},
        {"dataset": {"namespace": "n", "name": ""}},
        {"dataset": {"namespace": "n", "name": 1}},
    ],
)
def test_what_names_nothing_is_told(given):
    with pytest.raises(FateError, match="must be") as wrong:
        list_wanted(given, "x")
    assert wrong.value.retcode == 101


@pytest.mark.parametrize("given", [{}, {"party_id": None}, {"party_id": ""}, {"party_id": True}, {"party_id": [1]}])
def test_a_party_is_needed(given):
    with pytest.raises(FateError, match="required parameters are missing: party_id"):
        get_grantee(given, "party_id")
    assert get_grantee({"party_id": 9999}, "party_id") == "9999"
