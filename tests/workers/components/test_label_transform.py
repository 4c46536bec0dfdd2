from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder

from fedrota.component import InvalidInputError
from tests.workers.components.tabular import make_empty, read_model, refuse_one, run_one
from workers.components.label_transform import label_transform

TABLE = {"id": ["a", "b", "b"], "y": ["ja", "nein", "ja"], "x": [1, 2, 3]}
PREDICTED = {"id": ["a", "b"], "label": [1, None], "predict_score": [0.9, 0.1], "predict_result": [1, 0]}
labels = st.lists(st.sampled_from(["b", "a", "ß"]), min_size=1) | st.lists(st.integers(-5, 40), min_size=1)


@given(labels)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_labels_are_numbered_as_scikit_learn_numbers_them_and_come_back(given_labels):
    table = {"id": [str(place) for place in range(len(given_labels))], "y": given_labels}
    encoded = run_one(label_transform, table)
    found = encoded.read_table("data")["y"]
    assert found == LabelEncoder().fit_transform(given_labels).tolist()
    predicted = {"id": table["id"], "label": found, "predict_score": [0.5] * len(found), "predict_result": found}
    back = run_one(label_transform, predicted, model=encoded).read_table("data")
    assert back["label"] == back["predict_result"] == given_labels


def test_a_given_encoder_is_used_and_kept_in_the_model():
    result = run_one(label_transform, TABLE, encoder={"ja": 1, "nein": 0, "nie": 7})
    assert result.read_table("data") == {**TABLE, "y": [1, 0, 1]}
    assert read_model(result)["pairs"] == [["ja", 1], ["nein", 0], ["nie", 7]]
    later = run_one(label_transform, {"id": ["q"], "y": ["nie"], "x": [0]}, model=result)
    assert later.read_table("data")["y"] == [7]


def test_whole_and_real_numbers_are_the_same_label():
    found = run_one(label_transform, {"id": ["a", "b"], "y": [1.0, -1.0]}, encoder={"1": 1, "-1": 0.5})
    assert found.read_table("data")["y"] == [1.0, 0.5]


def test_predictions_get_their_first_labels_back_and_gaps_stay():
    learned = run_one(label_transform, TABLE, encoder={"ja": 1, "nein": 0})
    back = run_one(label_transform, PREDICTED, model=learned).read_table("data")
    assert back["label"] == ["ja", None]
    assert back["predict_result"] == ["ja", "nein"]
    forward = run_one(label_transform, PREDICTED, encoder={"1": 5, "0": 3}).read_table("data")
    assert (forward["label"], forward["predict_result"]) == ([5, None], [5, 3])


def test_labels_may_share_a_value_but_predictions_of_it_have_no_way_back():
    learned = run_one(label_transform, TABLE, encoder={"ja": 1, "nein": 0, "nie": 0})
    assert learned.read_table("data")["y"] == [1, 0, 1]
    with pytest.raises(InvalidInputError) as caught:
        run_one(label_transform, PREDICTED, model=learned)
    text = "the encoder of party 9999 has one value for several labels (0 for nein, nie), so predictions cannot"
    assert str(caught.value).startswith(text)
    certain = {**PREDICTED, "predict_result": [1, 1]}
    assert run_one(label_transform, certain, model=learned).read_table("data")["predict_result"] == ["ja", "ja"]


def test_a_party_without_labels_goes_on_and_one_label_is_enough():
    table = {"id": ["a"], "x": [1]}
    result = run_one(label_transform, table)
    assert result.read_table("data") == table
    assert "no labels at this party: going on without" in result.log
    assert run_one(label_transform, {"id": ["a"], "y": ["ja"]}).read_table("data")["y"] == [0]


@pytest.mark.parametrize(
    ("table", "params", "texts"),
    [
        (
            TABLE,
            {"encoder": {"ja": 1}},
            ["label column 'y' of party 9999 holds nein, but the encoder knows ja", "`encoder`"],
        ),
        (TABLE, {"encoder": {"ja": True}}, ["encoder.ja must be of type number or string"]),
        (make_empty("x"), {}, ["party 9999 has no rows"]),
        ({**TABLE, "y": [1.0, float("-inf"), 2.0]}, {}, ["a label of party 9999 is -inf, which", "correct column 'y'"]),
        (
            {**TABLE, "y": [date(2026, 1, 2)] * 3},
            {"encoder": {"2026-01-02": 1}},
            ["a label of party 9999 is 2026-01-02, which is neither a text nor a finite number"],
        ),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(table, params, texts):
    text = refuse_one(label_transform, table, **params)
    assert all(each in text for each in texts), text
