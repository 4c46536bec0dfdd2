import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.params import fill_params, split_params, translate_params

MODULE = Module(
    name="M",
    component="c",
    translate=lambda params, role: {"role": role, **params},
    params={"alpha": 1.0, "init_param": {"method": "zeros", "seed": None}, "free": {}},
)


def test_defaults_are_filled_in_at_every_level():
    given = {"init_param": {"seed": 3}, "free": {"x": 1}, "need_run": True}
    assert fill_params(MODULE, given) == {
        "alpha": 1.0,
        "init_param": {"method": "zeros", "seed": 3},
        "free": {"x": 1},
    }
    assert translate_params(MODULE, {}, "host")["role"] == "host"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"alpho": 1}, r"parameter alpho: there is no such parameter\. Did you mean 'alpha'\?"),
        ({"init_param": {"sed": 1}}, r"parameter init_param\.sed: .*'seed'"),
        ({"init_param": 3}, "parameter init_param: should be an object with method, seed"),
    ],
)
def test_unknown_names_are_refused_with_their_path_and_the_nearest(given, said):
    with pytest.raises(FateParamError, match=said):
        fill_params(MODULE, given)


def test_a_module_that_knows_need_run_itself_is_given_it():
    module = Module(name="M", component="c", translate=lambda params, _role: dict(params), params={"need_run": True})
    assert fill_params(module, {"need_run": False}) == {"need_run": False}


def test_what_members_have_alike_stands_once():
    params, overrides = split_params({
        ("guest", 0): {"a": 1, "label": True, "table": "g"},
        ("host", 0): {"a": 1, "label": False, "table": "h0"},
        ("host", 1): {"a": 1, "label": False, "table": "h1"},
    })  # fmt: skip
    assert params == {"a": 1}
    assert overrides == {
        "guest": {"label": True, "table": "g"},
        "host": {"label": False},
        "host.0": {"table": "h0"},
        "host.1": {"table": "h1"},
    }


def test_one_and_true_are_not_alike():
    assert split_params({("guest", 0): {"a": 1}, ("host", 0): {"a": True}})[0] == {}
