import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.tabular import ONE
from tests.workers.components.vertical import FAST, OWNERS, THREE, TWO, make_inputs, pool, read_weights
from workers.components.hetero_lr import hetero_lr
from workers.components.hetero_poisson import hetero_poisson
from workers.components.homo_lr import homo_lr
from workers.components.local_baseline import local_baseline
from workers.components.predict import predict


def split_rows(inputs, cut):
    """Inputs to train with and the rest as `data`."""
    train = {o: {"train": {n: c[:cut] for n, c in p["train"].items()}} for o, p in inputs.items()}
    rest = {o: {"data": {n: c[cut:] for n, c in p["train"].items()}} for o, p in inputs.items()}
    return train, rest


def train_and_predict(component, parties, inputs, *, cut=40, **params):
    train, rest = split_rows(inputs, cut)
    trained = simulate(component, parties, params={"epochs": 3, **params}, inputs=train)
    for owner, ports in rest.items():
        ports["model"] = trained[owner].output("model")
    return trained, rest


def test_a_vertical_model_predicts_new_samples_at_the_guest():
    inputs = make_inputs((2, 1, 2), rows=55)
    trained, rest = train_and_predict(hetero_lr, THREE, inputs, **FAST)
    for table in rest.values():
        table["data"].pop("y", None)
    found = simulate(predict, {**THREE, "arbiter": ["1"]}, inputs=rest)
    for ports in inputs.values():
        ports["all"], ports["train"] = ports["train"], {n: c[:40] for n, c in ports["train"].items()}
    features, _ = pool(inputs, "all")
    table = found["guest"].read_table("data")
    assert np.allclose(table["predict_score"], 1 / (1 + np.exp(-(features[40:] @ read_weights(trained)))), atol=1e-6)
    assert table["id"] == inputs["guest.0"]["all"]["id"][40:]
    assert table["label"] == [None] * 15
    assert {m.name.split()[0] for m in found.messages} == {"profile", "agreement", "group_key", "score"}
    assert [list(found[member].outputs) for member in ("host.0", "host.1", "arbiter")] == [[], [], []]


def test_the_training_samples_get_the_scores_that_training_wrote():
    inputs = make_inputs((2, 2), kind="poisson")
    trained, _ = train_and_predict(hetero_poisson, TWO, inputs, learning_rate=0.1, **FAST)
    again = {o: {"data": inputs[o]["train"], "model": trained[o].output("model")} for o in OWNERS[:2]}
    found = simulate(predict, TWO, inputs=again)["guest"].read_table("data")
    wanted = trained["guest"].read_table("data")
    assert np.allclose(found["predict_score"], wanted["predict_score"], rtol=1e-12)
    assert found["label"] == wanted["label"]
    assert set(found["split"]) == {"predict"}


@pytest.mark.parametrize("scale", [True, False])
def test_a_homogeneous_model_is_applied_by_each_party_alone(scale):
    train = {o: {"train": make_inputs((3,), seed=place)["guest.0"]["train"]} for place, o in enumerate(OWNERS)}
    trained = simulate(homo_lr, THREE, params={"rounds": 3, "scale": scale, "learning_rate": 0.01}, inputs=train)
    again = {o: {"data": train[o]["train"], "model": trained[o].output("model")} for o in OWNERS}
    found = simulate(predict, THREE, inputs=again)
    assert not found.messages
    for owner in OWNERS:
        mine, wanted = found[owner].read_table("data"), trained[owner].read_table("data")
        assert np.allclose(mine["predict_score"], wanted["predict_score"])
        assert mine["predict_result"] == wanted["predict_result"]


@pytest.fixture
def ready():
    return train_and_predict(hetero_lr, TWO, make_inputs((1, 2), rows=50), **FAST)


def expect_invalid(text, inputs, parties=TWO):
    with pytest.raises(InvalidInputError, match=text):
        simulate(predict, parties, inputs=inputs)


def test_other_features_than_in_training_are_named(ready):
    _, rest = ready
    rest["host.0"]["data"]["z"] = rest["host.0"]["data"].pop("x1")
    expect_invalid("at party 10000 the features differ: training had x1, x2, these samples have x2, z", rest)


def make_wide(width):
    return {"id": ["a", "b", "c"], "y": [0, 1, 1], **{f"x{place}": [0.0, 1.0, 2.0] for place in range(width)}}


def test_the_feature_that_differs_is_named_among_many():
    trained = simulate(local_baseline, ONE, inputs={"guest": {"train": make_wide(30)}})["guest"]
    for names, text in (
        ([f"x{n}" for n in range(30) if n != 20], "They lack x20: give the same"),
        ([f"x{n}" for n in range(31)], "They have x30 in addition: give the same"),
        (
            [*(f"x{n}" for n in range(20)), "x21", "x20", *(f"x{n}" for n in range(22, 30))],
            "feature 21 on, x21 instead of x20",
        ),
    ):
        table = {"id": ["a", "b"], **{name: [0.0, 1.0] for name in names}}
        with pytest.raises(InvalidInputError, match=text):
            simulate(predict, ONE, inputs={"guest": {"data": table, "model": trained.output("model")}})


@pytest.mark.parametrize(("owner", "column", "party"), [("host.0", "x2", 10000), ("guest.0", "x0", 9999)])
@pytest.mark.parametrize("value", [1e60, -1.7e308])
def test_values_too_far_from_training_are_named_with_their_column(ready, owner, column, party, value):
    _, rest = ready
    rest[owner]["data"][column][3] = value
    expect_invalid(f"column '{column}' of party {party} has values so far from those of training that scores", rest)


def test_other_samples_at_one_party_are_named(ready):
    _, rest = ready
    rest["host.0"]["data"]["id"] = [f"z{row}" for row in range(10)]
    expect_invalid(r"input 'data' holds other samples at party 10000 \(10 rows\) than at party 9999", rest)


def test_another_role_than_in_training_is_named(ready):
    _, rest = ready
    rest["host.0"]["model"] = rest["guest.0"]["model"]
    expect_invalid("model of party 10000 was trained as guest, but this step has the party as host", rest)


def test_parts_of_different_trainings_are_refused(ready, tmp_path):
    _, rest = ready
    model = json.loads(rest["host.0"]["model"].read_text())
    model["training"]["job"] = "another"
    rest["host.0"]["model"] = tmp_path / "model.json"
    rest["host.0"]["model"].write_text(json.dumps(model))
    expect_invalid("training is 'another/.*' at party 10000 but 'simulation/.*' at party 9999", rest)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "model of party 9999 is no JSON file"),
        ("[]", "model of party 9999 names no `format`"),
        ('{"format": ["x"]}', "model of party 9999 names no `format`"),
        (
            '{"format": "x/1"}',
            "has the format 'x/1'; this version predicts with fedrota.vertical_glm/1, fedrota.homo_lr/1",
        ),
        ('{"format": "fedrota.vertical_glm/1"}', "model of party 9999 lacks or garbles 'role'"),
    ],
)
def test_a_file_that_is_no_model_is_named(ready, tmp_path, content, text):
    _, rest = ready
    rest["guest.0"]["model"] = tmp_path / "model.json"
    rest["guest.0"]["model"].write_text(content)
    expect_invalid(text, rest)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"threshold": None}, "float"),
        ({"intercept": ["x"]}, "float"),
        ({"coefficients": [1.0]}, "coefficients and scale of its 3 features"),
        ({"scale": {"mean": [0.0, 0.0, 0.0]}}, "'deviation'"),
        ({"scale": {"mean": [0.0], "deviation": [1.0]}}, "coefficients and scale of its 3 features"),
        ({"features": 3}, "not iterable"),
    ],
)
def test_a_damaged_homogeneous_model_is_named(tmp_path, change, what):
    inputs = {o: {"train": make_inputs((3,), seed=place)["guest.0"]["train"]} for place, o in enumerate(OWNERS)}
    trained = simulate(homo_lr, THREE, params={"rounds": 1, "learning_rate": 0.01}, inputs=inputs)
    path = tmp_path / "model.json"
    again = {o: {"data": inputs[o]["train"], "model": trained[o].output("model")} for o in OWNERS}
    path.write_text(json.dumps({**json.loads(again["guest.0"]["model"].read_text()), **change}))
    again["guest.0"]["model"] = path
    expect_invalid(f"the model of party 9999 lacks or garbles .*{what}", again, THREE)


def test_a_model_that_does_not_tell_its_origin_is_named(ready, tmp_path):
    _, rest = ready
    model = json.loads(rest["guest.0"]["model"].read_text())
    del model["training"]["step"]
    rest["guest.0"]["model"] = tmp_path / "model.json"
    rest["guest.0"]["model"].write_text(json.dumps(model))
    expect_invalid("the model of party 9999 lacks or garbles 'step'", rest)


def test_missing_inputs_and_empty_tables_are_named(ready, tmp_path):
    _, rest = ready
    kinds = {"id": pyarrow.string(), "x0": pyarrow.float64()}
    empty = pyarrow.table({name: pyarrow.array([], kind) for name, kind in kinds.items()})
    pyarrow.parquet.write_table(empty, tmp_path / "empty.parquet")
    rest["guest.0"]["data"] = tmp_path / "empty.parquet"
    expect_invalid("table of party 9999 has no rows: there is nothing to predict", rest)
    del rest["guest.0"]["model"]
    expect_invalid("needs the input 'model' at party 9999", rest)


def test_a_vertical_model_does_not_predict_without_one_of_its_parties():
    _, rest = train_and_predict(hetero_lr, THREE, make_inputs((2, 1, 2), rows=55), **FAST)
    rest.pop("host.1")
    with pytest.raises(
        InvalidInputError, match="has the parties 9999, 10000, but .* was trained by 9999, 10000, 10001"
    ):
        simulate(predict, TWO, inputs=rest)
