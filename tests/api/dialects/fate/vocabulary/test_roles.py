import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.dsl import parse_dsl
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.roles import cast_component, check_arbiter, check_readers, list_places

ROLES = {"guest": ("9999",), "host": ("10000", "10001"), "arbiter": ("10000",)}
COMPONENTS = parse_dsl({
    "components": {
        "a_0": {"module": "HeteroLR", "output": {"data": ["d"]}},
        "b_0": {"module": "Evaluation", "input": {"data": {"data": ["a_0.d"]}}},
    }
})  # fmt: skip
LR, EVALUATION = get_module("HeteroLR", "a_0"), get_module("Evaluation", "b_0")


def make_given(**off):
    """Parameters of every data party, need_run false for the named."""
    places = {"guest": [("guest", 0)], "host": [("host", 0), ("host", 1)], "host_1": [("host", 1)]}
    idle = [place for name in off for place in places[name]]
    return {place: {"need_run": place not in idle} for role in ("guest", "host") for place in places[role]}


def test_a_module_runs_at_its_own_roles():
    assert list_places(COMPONENTS["b_0"], EVALUATION, ROLES, predicts=False) == [("guest", 0), ("host", 0), ("host", 1)]
    assert ("arbiter", 0) in list_places(COMPONENTS["a_0"], LR, ROLES, predicts=False)
    assert ("arbiter", 0) not in list_places(COMPONENTS["a_0"], LR, ROLES, predicts=True)
    with pytest.raises(
        FateError, match="Component b_0: module Evaluation runs at guest, host, but the job has only local"
    ):
        list_places(COMPONENTS["b_0"], EVALUATION, {"local": ("1",)}, predicts=False)


def test_a_role_that_is_told_not_to_run_passes():
    cast = cast_component(COMPONENTS["b_0"], EVALUATION, make_given(host=1), ROLES)
    assert cast.roles == ("guest",)
    assert cast.passing == (("host", "10000"), ("host", "10001"))


def test_all_parties_of_a_role_run_or_none():
    with pytest.raises(FateError, match="need_run differs among the parties of host"):
        cast_component(COMPONENTS["b_0"], EVALUATION, make_given(host_1=1), ROLES)


def test_a_module_that_hands_on_by_itself_runs_all_the_same():
    module = Module(name="M", component="c", translate=lambda params, _role: dict(params), params={"need_run": True})
    cast = cast_component(COMPONENTS["b_0"], module, make_given(host_1=1), ROLES)
    assert (cast.roles, cast.passing) == (("guest", "host"), ())


def test_nobody_reads_where_nothing_was_written():
    whole, half = make_given(), make_given(host=1)
    casts = {"a_0": cast_component(COMPONENTS["a_0"], LR, half, ROLES)}
    casts["b_0"] = cast_component(COMPONENTS["b_0"], EVALUATION, half, ROLES)
    check_readers(casts, COMPONENTS)
    casts["b_0"] = cast_component(COMPONENTS["b_0"], EVALUATION, whole, ROLES)
    with pytest.raises(FateError, match="a_0 has need_run false at host, but component b_0 reads its output there"):
        check_readers(casts, COMPONENTS)


def test_a_guest_is_no_arbiter_of_its_own_vertical_model_but_in_a_trial():
    modules = {"a_0": LR, "b_0": EVALUATION}
    check_arbiter(COMPONENTS, modules, {"guest": ("1",), "host": ("1",), "arbiter": ("1",)})
    check_arbiter(COMPONENTS, modules, {"guest": ("1",), "host": ("2",), "arbiter": ("2",)})
    with pytest.raises(FateError, match="component constraint party id"):
        check_arbiter(COMPONENTS, modules, {"guest": ("1",), "host": ("2",), "arbiter": ("1",)})
    check_arbiter({"b_0": COMPONENTS["b_0"]}, modules, {"guest": ("1",), "host": ("2",), "arbiter": ("1",)})
