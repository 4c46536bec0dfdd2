import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.v2.vocabulary.catalogue import find_ref, get_ref, load_refs, name_ref
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.params import fill_params

UNSET = {"reader": {"name": "t", "namespace": "n"}, "sample": {"frac": 0.5}}


@pytest.mark.parametrize("ref", load_refs().values(), ids=load_refs())
def test_defaults_are_what_the_module_takes(ref):
    module = get_module(ref.module, "x")
    given = ref.translate(ref.fill(UNSET.get(ref.name, {})), "train")
    for role in module.roles:
        assert module.translate(fill_params(module, given), role) is not None
    known = {
        **{f"data.{key}": "" for key in ("data", "train_data", "validate_data", "test_data")},
        **dict.fromkeys(("model", "isometric_model"), ""),
    }
    assert set(ref.inputs.values()) <= set(known)
    for kind, ports in (("data", module.data), ("model", module.models)):
        assert all(each.place < len(ports) for each in ref.outputs if each.kind == kind)


def test_an_unknown_component_is_refused_with_the_nearest():
    with pytest.raises(FateError, match=r"no component 'coordinate_lr'.*Did you mean 'coordinated_lr'"):
        get_ref("coordinate_lr", "lr_0")


def test_modules_of_fate_1_have_names_here():
    assert find_ref("heterolr").name == "coordinated_lr"
    assert [name_ref(name) for name in ("Intersection", "HomoDataSplit", "HeteroPoisson", "Upload")] == [
        "psi", "data_split", "hetero_poisson", "upload",
    ]  # fmt: skip
