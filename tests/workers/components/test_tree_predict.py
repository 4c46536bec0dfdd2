import json

import numpy as np
import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.boosting import make_tables, read_model
from tests.workers.components.vertical import FAST, OWNERS, THREE, TWO
from workers.components import cipher_sums, forks
from workers.components.hetero_secureboost import hetero_secureboost
from workers.components.homo_secureboost import homo_secureboost
from workers.components.predict import predict


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    """Tiny tables are not worth the processes."""
    for module in (forks, cipher_sums):
        monkeypatch.setattr(module, "count_cores", lambda: 1)


def train(parties, inputs, **params):
    return simulate(hetero_secureboost, parties, params={**FAST, "trees": 2, **params}, inputs=inputs)


def again(trained, inputs):
    return {owner: {"data": ports["train"], "model": trained[owner].output("model")} for owner, ports in inputs.items()}


@pytest.mark.parametrize("kind", ["binary", "multi", "real"])
def test_the_training_samples_get_the_predictions_that_training_wrote(kind):
    inputs = make_tables((2, 1, 2), kind=kind, gaps=0.2)
    trained = train(THREE, inputs, use_missing=True, objective="lse" if kind == "real" else "cross_entropy")
    found = simulate(predict, {**THREE, "arbiter": ["1"]}, inputs=again(trained, inputs))
    mine, wanted = found["guest"].read_table("data"), trained["guest"].read_table("data")
    assert np.allclose(mine.pop("predict_score"), wanted.pop("predict_score"))
    assert mine.pop("split") == ["predict"] * 60
    wanted.pop("split")
    assert mine == wanted
    assert [list(found[member].outputs) for member in ("host.0", "host.1", "arbiter")] == [[], [], []]


def test_validation_and_prediction_agree_on_values_never_seen():
    inputs = make_tables((2, 3), rows=90, gaps=0.2)
    for ports in inputs.values():
        whole = ports["train"]
        ports["train"] = {name: column[:60] for name, column in whole.items()}
        ports["validate"] = {name: column[60:] for name, column in whole.items()}
        for name, column in ports["validate"].items():
            if name[0] == "x":
                ports["validate"][name] = [None if v is None else 3 * v for v in column]
    trained = train(TWO, inputs, use_missing=True, max_depth=5)
    rest = {o: {"data": inputs[o]["validate"], "model": trained[o].output("model")} for o in OWNERS[:2]}
    found = simulate(predict, TWO, inputs=rest)["guest"].read_table("data")
    assert np.allclose(found["predict_score"], trained["guest"].read_table("data")["predict_score"][60:])


def test_hosts_answer_all_their_rules_for_all_samples_at_once():
    inputs = make_tables((2, 3))
    trained = train(TWO, inputs)
    found = simulate(predict, TWO, inputs=again(trained, inputs))
    assert [m.name for m in found.messages] == ["profile", "agreement", "records", "directions"]
    names, bits = found.messages[2].value, found.messages[3].value
    assert set(names) == set(read_model(trained, "host.0")["records"])
    assert np.unpackbits(bits, axis=1).shape == (len(names), 64)
    rules = read_model(trained, "host.0")["records"]
    text = json.dumps(names) + json.dumps(bits.tolist())
    assert not any(repr(rule["cut"]) in text or rule["feature"] in text for rule in rules.values())


def test_a_model_of_homogeneous_trees_is_applied_by_each_party_alone():
    inputs = {owner: make_tables((3,), seed=place)["guest.0"] for place, owner in enumerate(OWNERS)}
    trained = simulate(homo_secureboost, THREE, params={"trees": 2}, inputs=inputs)
    found = simulate(predict, THREE, inputs=again(trained, inputs))
    assert not found.messages
    for owner in OWNERS:
        mine, wanted = found[owner].read_table("data"), trained[owner].read_table("data")
        assert np.allclose(mine["predict_score"], wanted["predict_score"])
        assert mine["predict_result"] == wanted["predict_result"]


@pytest.fixture
def ready():
    inputs = make_tables((1, 2))
    trained = train(TWO, inputs)
    yield again(trained, inputs)
    del trained  # its files go with it


def expect_invalid(text, inputs):
    with pytest.raises(InvalidInputError, match=text):
        simulate(predict, TWO, inputs=inputs)


def change(ready, tmp_path, owner, **members):
    model = {**json.loads(ready[owner]["model"].read_text()), **members}
    ready[owner]["model"] = tmp_path / f"{owner}.json"
    ready[owner]["model"].write_text(json.dumps(model))


def test_zeros_are_missing_where_training_took_them_so():
    inputs = make_tables((1, 2), gaps=0.3)
    trained = train(TWO, inputs, use_missing=True, zero_as_missing=True)
    for ports in inputs.values():
        for name, column in ports["train"].items():
            ports["train"][name] = [0.0 if value is None else value for value in column]
    found = simulate(predict, TWO, inputs=again(trained, inputs))["guest"].read_table("data")
    assert np.allclose(found["predict_score"], trained["guest"].read_table("data")["predict_score"])


def test_missing_values_that_training_did_not_allow_are_named(ready):
    ready["host.0"]["data"]["x1"][3] = None
    expect_invalid("column 'x1' of party 10000 has 1 missing", ready)


def test_labels_that_training_did_not_have_are_named(ready):
    ready["guest.0"]["data"]["y"][0] = 7
    expect_invalid("label column 'y' of party 9999 holds 7, a class that the trees do not know", ready)


def test_the_rules_of_another_model_are_refused(ready, tmp_path):
    change(ready, tmp_path, "host.0", records={})
    expect_invalid("no host answers for .* splits that were host.0's in training", ready)


def test_another_training_and_another_role_are_refused(ready, tmp_path):
    training = json.loads(ready["host.0"]["model"].read_text())["training"]
    change(ready, tmp_path, "host.0", training={**training, "attempt": 2})
    expect_invalid("training is 'simulation/.*/2' at party 10000", ready)
    ready["host.0"]["model"] = ready["guest.0"]["model"]
    ready["host.0"]["data"] = {
        "x0" if name == "x1" else name: c for name, c in ready["host.0"]["data"].items() if name != "x2"
    }
    expect_invalid("was trained as guest, but this step has the party as host", ready)


@pytest.mark.parametrize(
    ("owner", "members"),
    [
        ("guest.0", {"rounds": [[[{"left": 0}]]]}),
        ("guest.0", {"rounds": [[[{"left": 0, "right": 0, "owner": "host.0", "gain": 1, "record": "a"}]]]}),
        ("guest.0", {"objective": "none"}),
        ("host.0", {"records": {"a": {}}}),
        ("host.0", {"features": None}),
        ("guest.0", {"training": {}}),
    ],
)
def test_a_damaged_model_is_named(ready, tmp_path, owner, members):
    change(ready, tmp_path, owner, **members)
    expect_invalid(f"the model of party {'9999' if owner == 'guest.0' else '10000'} lacks or garbles", ready)
