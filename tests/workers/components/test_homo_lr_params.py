from workers.components.homo_lr_params import PARAMS, SHARED_SETTINGS
from workers.components.logistic import OPTIMIZERS


def test_what_the_parties_agree_on_are_parameters():
    assert set(SHARED_SETTINGS) <= set(PARAMS)


def test_every_optimizer_is_offered():
    assert set(PARAMS["optimizer"]["enum"]) == set(OPTIMIZERS)
