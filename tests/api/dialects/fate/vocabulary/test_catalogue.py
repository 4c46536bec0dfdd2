import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.vocabulary.catalogue import find_module, get_module, load_modules
from workers.components.catalog import list_builtin

OFFERED = {info.name: info for info in list_builtin()}


def test_names_and_aliases_are_found_in_whatever_case():
    assert get_module("heterolr", "x").name == "HeteroLR"
    assert get_module("DATAIO", "x").name == "DataTransform"
    assert find_module("nothing") is None


def test_the_nearest_name_is_told():
    with pytest.raises(FateError, match=r"Component lr_0: there is no module 'HeteroLRX'\. Did you mean 'HeteroLR'\?"):
        get_module("HeteroLRX", "lr_0")


@pytest.mark.parametrize("module", load_modules().values(), ids=lambda module: module.name)
def test_every_module_fits_the_component_that_it_names(module):
    component = OFFERED[module.component]
    assert set(module.inputs.values()) <= set(component.inputs)
    assert {component.outputs[port] for port in module.data} <= {"table"}
    assert {component.outputs[port] for port in module.models} <= {"model"}
    assert set(module.roles) <= {"guest", "host", "arbiter", "local"}
    assert not component.roles or set(module.roles) <= set(component.roles)
    if module.predictor:
        assert {"model", "data"} <= set(OFFERED[module.predictor].inputs)
        assert "data" in OFFERED[module.predictor].outputs
