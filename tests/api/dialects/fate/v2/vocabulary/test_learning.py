import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.v2.vocabulary.learning import CV, ENCRYPTION, translate_encryption, translate_folds


def test_folds_are_made_in_their_stage_only():
    assert translate_folds({"cv_param": CV}, "train")["need_cv"] is False
    found = translate_folds({"cv_param": {**CV, "n_splits": 3, "random_state": 7}}, "cross_validation")
    assert found == {"need_cv": True, "n_splits": 3, "shuffle": False, "random_seed": 7}


def test_keys_are_paillier_s():
    assert translate_encryption({"he_param": ENCRYPTION}) == {"method": "Paillier", "key_length": 2048}
    with pytest.raises(FateParamError, match=r"he_param\.kind"):
        translate_encryption({"he_param": {"kind": "ckks", "key_length": 1024}})
