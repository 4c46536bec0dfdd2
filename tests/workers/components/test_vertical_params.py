import pytest

from fedrota.component import InvalidInputError
from workers.components import shared_glm, vertical_params
from workers.components.catalog import list_builtin

INFOS = {info.name: info for info in list_builtin()}


@pytest.mark.parametrize("name", ["hetero_lr", "hetero_linr", "hetero_poisson"])
def test_the_vertical_models_share_parameters_and_ports(name):
    info = INFOS[name]
    assert dict(info.params["properties"]) == dict(vertical_params.PARAMS)
    assert info.roles == ("guest", "host", "arbiter")
    assert info.read_params({})["key_bits"] == 2048


@pytest.mark.parametrize("name", ["hetero_sshe_lr", "hetero_sshe_linr"])
def test_models_on_shares_offer_what_shares_allow(name):
    info = INFOS[name]
    assert set(vertical_params.PARAMS) - set(shared_glm.PARAMS) == {"optimizer"}
    assert info.params["properties"]["penalty"]["enum"] == ["none", "l2"]
    assert info.roles == ("guest", "host")


def test_wrong_parameters_are_all_named_at_submission():
    with pytest.raises(InvalidInputError) as caught:
        INFOS["hetero_lr"].read_params({"key_bits": 512, "learning_rates": 1})
    assert "key_bits must be at least 1024, is 512" in str(caught.value)
    assert "learning_rates is not a parameter; did you mean 'learning_rate'?" in str(caught.value)


def test_what_must_be_equal_everywhere_is_a_parameter():
    assert set(vertical_params.SHARED_SETTINGS) <= set(vertical_params.PARAMS)
    assert set(shared_glm.SETTINGS) <= set(shared_glm.PARAMS)
