import json

import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.tabular import ONE, make_empty, read_model, refuse_one, run_one
from workers.components.column_expand import column_expand
from workers.components.feature_imputation import feature_imputation
from workers.components.feature_scale import feature_scale
from workers.components.label_transform import label_transform
from workers.components.one_hot_encoder import one_hot_encoder

TABLE = {"id": ["a", "b"], "x": [1.0, 3.0]}


def apply_model(path, table=TABLE, component=feature_scale):
    return simulate(component, ONE, inputs={"guest": {"data": table, "model": path}})["guest"]


def test_a_model_does_again_what_was_learned_and_comes_out_again():
    first = run_one(feature_scale, TABLE)
    again = run_one(feature_scale, {"id": ["c"], "x": [2.0]}, model=first)
    assert again.read_table("data")["x"] == [0.0]
    assert read_model(again) == read_model(first)
    assert run_one(feature_scale, make_empty("x"), model=again).read_table("data") == {"id": [], "x": []}


def test_a_party_left_out_passes_its_table_on_also_when_its_model_is_used():
    left_out = run_one(feature_scale, TABLE, run=False)
    assert left_out.read_table("data") == TABLE
    assert run_one(feature_scale, TABLE, model=left_out).read_table("data") == TABLE


def test_an_empty_table_teaches_nothing():
    assert "the table of party 9999 has no rows" in refuse_one(feature_scale, make_empty("x"))


@pytest.mark.parametrize("component", [feature_scale, feature_imputation, one_hot_encoder])
def test_a_table_without_a_learned_feature_is_refused(component):
    learned = run_one(component, TABLE)
    text = refuse_one(component, {"id": ["a"], "z": [1.0]}, model=learned)
    assert "the table of party 9999 has no feature 'x' which the model knows; it has z" in text


def test_models_of_others_and_damaged_ones_are_refused():
    scaled = run_one(feature_scale, TABLE)
    with pytest.raises(InvalidInputError, match="format 'fedrota.feature_scale/1', but step 'column_expand' needs"):
        apply_model(scaled.output("model"), component=column_expand)
    with pytest.raises(
        InvalidInputError, match="the table of party 9999 has no feature 'x' which the model knows; it has z"
    ):
        apply_model(scaled.output("model"), {"id": ["a"], "z": [1.0]})
    for text, wanted in (
        ("nonsense", "no JSON file"),
        ("[]", "names no `format`"),
        (json.dumps({"format": "fedrota.feature_scale/1"}), "lacks or garbles 'ranges'"),
        (json.dumps({"format": "fedrota.feature_scale/1", "ranges": {"x": 1}, "method": "m"}), "lacks or garbles"),
    ):
        scaled.output("model").write_text(text)
        with pytest.raises(InvalidInputError, match=wanted):
            apply_model(scaled.output("model"))


def test_a_party_without_a_table_goes_on_where_it_may_have_none():
    for component, params in ((label_transform, {}), (feature_scale, {"run": False})):
        result = simulate(component, ONE, params=params)["guest"]
        assert set(result.outputs) == {"model"}
        assert result.log == ["no table at this party: nothing to do"]
    with pytest.raises(InvalidInputError, match="step 'feature_scale' needs the input 'data' at party 9999"):
        simulate(feature_scale, ONE)
