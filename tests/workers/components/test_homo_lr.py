import json
from itertools import groupby

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.tabular import run_one
from workers.components.homo_lr import homo_lr
from workers.components.logistic import LocalTraining, Sgd, mean_gradient, mean_loss
from workers.components.masking import decode, encode, total
from workers.components.sample_weight import sample_weight

PARTIES = {"guest": ["9999"], "host": ["10000", "10001"]}
DATA_PARTIES = ("guest.0", "host.0", "host.1")


def make_party(seed: int, rows: int = 60, features: int = 3) -> dict[str, list]:
    """A party's table: raw features of very different size, labels that depend on them."""
    rng = np.random.default_rng(seed)
    plain = rng.normal(size=(rows, features))
    labels = (plain @ np.arange(1, features + 1) + rng.normal(size=rows) > 0).astype(int)
    columns = {f"x{place}": (plain[:, place] * 10.0**place + 5).tolist() for place in range(features)}
    return {"id": [f"{seed}-{row}" for row in range(rows)], "y": labels.tolist(), **columns}


@pytest.fixture
def inputs():
    return {member: {"train": make_party(place)} for place, member in enumerate(DATA_PARTIES)}


def pool(inputs):
    """All parties' features and labels together, standardised."""
    tables = [ports["train"] for ports in inputs.values()]
    names = [name for name in tables[0] if name not in ("id", "y")]
    features = np.concatenate([np.column_stack([table[name] for name in names]) for table in tables])
    labels = np.concatenate([table["y"] for table in tables]).astype(float)
    return (features - features.mean(axis=0)) / features.std(axis=0), labels


def read_model(run, member="guest.0"):
    return json.loads(run[member].output("model").read_text())


@pytest.mark.parametrize("parties", [PARTIES, {**PARTIES, "arbiter": ["1"]}], ids=["guest adds", "arbiter adds"])
def test_full_batches_give_exactly_gradient_descent_on_the_pooled_samples(inputs, parties):
    run = simulate(homo_lr, parties, params={"rounds": 25, "l2": 0.05}, inputs=inputs)
    features, labels = pool(inputs)
    weights = np.zeros(4)
    for _round in range(25):
        weights = weights - 0.15 * mean_gradient(weights, features, labels, l2=0.05)
    for member in run:
        model = read_model(run, member)
        assert np.allclose([*model["coefficients"], model["intercept"]], weights, atol=1e-9)
        assert model["training"]["loss"] == pytest.approx(mean_loss(weights, features, labels, l2=0.05), abs=1e-9)
        assert model["training"]["rows"] == 180


def test_it_converges_to_scikit_learns_solution_on_the_pooled_samples(inputs):
    run = simulate(homo_lr, PARTIES, params={"rounds": 400, "learning_rate": 1.0, "l2": 0.05}, inputs=inputs)
    features, labels = pool(inputs)
    wanted = LogisticRegression(C=1 / (0.05 * len(labels)), tol=1e-12, max_iter=10_000).fit(features, labels)
    model = read_model(run)
    assert np.allclose(model["coefficients"], wanted.coef_[0], atol=1e-5)
    assert model["intercept"] == pytest.approx(wanted.intercept_[0], abs=1e-5)


def test_parties_weigh_by_their_numbers_of_samples(inputs):
    inputs["host.1"]["train"] = make_party(7, rows=400)
    run = simulate(homo_lr, PARTIES, params={"rounds": 3}, inputs=inputs)
    features, labels = pool(inputs)
    weights = np.zeros(4)
    for _round in range(3):
        weights = weights - 0.15 * mean_gradient(weights, features, labels, l2=0.01)
    assert np.allclose(read_model(run)["coefficients"], weights[:-1], atol=1e-9)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_every_optimizer_learns_from_batches_and_repeats_itself_by_seed(inputs, optimizer):
    params = {"rounds": 15, "batch_size": 16, "epochs": 2, "optimizer": optimizer, "learning_rate": 0.05, "seed": 4}
    first, second = (simulate(homo_lr, PARTIES, params=params, inputs=inputs) for _ in range(2))
    assert first["guest"].summary["federated_loss"] < 0.45
    assert np.allclose(read_model(first)["coefficients"], read_model(second)["coefficients"], atol=1e-9)


def test_the_scale_is_that_of_the_pooled_samples(inputs):
    scale = read_model(simulate(homo_lr, PARTIES, params={"rounds": 1}, inputs=inputs))["scale"]
    tables = [ports["train"] for ports in inputs.values()]
    for place in range(3):
        values = np.concatenate([table[f"x{place}"] for table in tables])
        assert scale["mean"][place] == pytest.approx(values.mean(), rel=1e-12)
        assert scale["deviation"][place] == pytest.approx(values.std(), rel=1e-12)
    assert read_model(simulate(homo_lr, PARTIES, params={"rounds": 1, "scale": False}, inputs=inputs))["scale"] is None


def test_predictions_and_metrics_fit_together(inputs):
    for place, member in enumerate(DATA_PARTIES):
        inputs[member]["validate"] = make_party(50 + place, rows=30)
    run = simulate(homo_lr, PARTIES, params={"rounds": 20}, inputs=inputs)
    for member in DATA_PARTIES:
        table = run[member].read_table("data")
        assert list(table) == ["id", "label", "predict_score", "predict_result", "split"]
        assert table["split"] == ["train"] * 60 + ["validate"] * 30
        assert table["id"] == inputs[member]["train"]["id"] + inputs[member]["validate"]["id"]
        assert table["label"] == inputs[member]["train"]["y"] + inputs[member]["validate"]["y"]
        assert table["predict_result"] == [int(score >= 0.5) for score in table["predict_score"]]
        curve = run[member].metrics["validate_auc"]
        assert [number for number, _ in curve] == list(range(1, 21))
        assert curve[-1][1] == pytest.approx(roc_auc_score(table["label"][60:], table["predict_score"][60:]))
        assert len(run[member].metrics["loss"]) == len(run[member].metrics["validate_loss"]) == 20
        assert [number for number, _ in run[member].metrics["federated_loss"]] == list(range(21))
        assert run[member].progress[-1] == 1.0
    losses = [value for _, value in run["guest"].metrics["federated_loss"]]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(np.log(2))


def test_the_model_file_is_enough_to_predict(inputs):
    run = simulate(homo_lr, PARTIES, params={"rounds": 10}, inputs=inputs)
    model, table = read_model(run), inputs["host.0"]["train"]
    features = np.column_stack([table[name] for name in model["features"]])
    scaled = (features - model["scale"]["mean"]) / model["scale"]["deviation"]
    scores = 1 / (1 + np.exp(-(scaled @ model["coefficients"] + model["intercept"])))
    assert np.allclose(run["host.0"].read_table("data")["predict_score"], scores)
    assert model["format"] == "fedrota.homo_lr/1"


def test_samples_without_labels_can_be_predicted_but_not_trained_with(inputs):
    bare = {name: values for name, values in make_party(9, rows=5).items() if name != "y"}
    inputs["host.0"]["validate"] = bare
    run = simulate(homo_lr, PARTIES, params={"rounds": 2}, inputs=inputs)
    assert run["host.0"].read_table("data")["label"][60:] == [None] * 5
    assert "validate_auc" not in run["host.0"].metrics
    inputs["host.0"] = {"train": bare}
    with pytest.raises(InvalidInputError, match="training table of party 10000 has no label column 'y'"):
        simulate(homo_lr, PARTIES, inputs=inputs)


@pytest.mark.parametrize(("how", "tol"), [("loss", 1e-3), ("weights", 1e-2)])
def test_early_stop_ends_every_party_in_the_same_round(inputs, how, tol):
    params = {"rounds": 500, "early_stop": how, "tol": tol, "learning_rate": 0.5}
    run = simulate(homo_lr, PARTIES, params=params, inputs=inputs)
    assert {run[member].summary["stopped_by"] for member in run} == {how}
    rounds = {run[member].summary["rounds"] for member in run}
    assert len(rounds) == 1
    assert 2 < rounds.pop() < 400


# --- what is exchanged -----------------------------------------------------------------------------


def list_parts(run) -> dict[str, list]:
    """The vectors that each party sent, in their order."""
    parts = sorted((m for m in run.messages if m.name == "part"), key=lambda m: (m.sender.address, m.round))
    return {sender: [m.value for m in sent] for sender, sent in groupby(parts, key=lambda m: m.sender.address)}


def replay_plain_parts(run, table, names) -> list:
    """The vectors that a party hides in its parts, recomputed from its samples and the sums that all get."""
    sums = [m.value for m in sorted((m for m in run.messages if m.name == "sum"), key=lambda m: m.round)]
    receivers = len({m.receiver for m in run.messages if m.name == "sum"})
    sums = sums[::receivers]
    features, labels = np.column_stack([table[name] for name in names]), np.array(table["y"], dtype=float)
    total_rows = sums[0][0]
    mean = sums[1] / total_rows
    counts = np.array([len(labels), len(labels), len(labels), labels.sum()])
    plain = [counts, features.sum(axis=0), ((features - mean) ** 2).sum(axis=0)]
    features = (features - mean) / np.sqrt(sums[2] / total_rows)
    weights = np.zeros(len(names) + 1)
    for summed in sums[3:-1]:
        local = LocalTraining(
            epochs=1, batch_size=0, l2=0.01, optimizer=Sgd(0.15), shuffle=np.random.default_rng(0)
        ).improve(weights, features, labels)
        plain.append(len(labels) * np.append(local, mean_loss(weights, features, labels, l2=0.0)))
        weights = (summed / total_rows)[:-1]
    return [*plain, np.array([len(labels) * mean_loss(weights, features, labels, l2=0.0)])]


def test_masks_cancel_to_the_last_bit_and_no_part_shows_what_it_hides(inputs):
    run = simulate(homo_lr, {**PARTIES, "arbiter": ["1"]}, params={"rounds": 5}, inputs=inputs)
    hidden = list_parts(run)
    plain = {
        member: [encode(part) for part in replay_plain_parts(run, inputs[member]["train"], ["x0", "x1", "x2"])]
        for member in DATA_PARTIES
    }
    assert list(hidden) == list(DATA_PARTIES)
    for turn in range(3 + 5 + 1):
        parts = [hidden[member][turn] for member in DATA_PARTIES]
        wanted = [plain[member][turn] for member in DATA_PARTIES]
        assert (total(parts) == total(wanted)).all()
        for part, words in zip(parts, wanted, strict=True):
            assert not (part == words).any()
            # Not even two of the three parts together show the sum of the two.
        assert not (total(parts[:2]) == total(wanted[:2])).any()


def test_no_message_holds_a_row_a_label_list_an_id_or_a_plain_update(inputs):
    run = simulate(homo_lr, PARTIES, params={"rounds": 5}, inputs=inputs)
    assert {m.name for m in run.messages} == {"profile", "agreement", "mask_key", "part", "sum"}
    texts = [json.dumps(m.value) for m in run.messages if m.name in ("profile", "agreement")]
    assert {"features", "settings"} == set(json.loads(texts[0]))
    raw = b"".join(np.asarray(m.value).tobytes() for m in run.messages if m.name in ("part", "sum"))
    figures = np.concatenate([np.ravel(m.value) for m in run.messages if m.name == "sum"])
    for ports in inputs.values():
        table = ports["train"]
        names = [name for name in table if name not in ("id", "y")]
        assert not any(identity in text for identity in table["id"] for text in texts)
        for column in (table[name] for name in names):
            assert not np.isin(column, figures).any()
            assert not any(np.float64(value).tobytes() in raw for value in column)
        for kind in (np.int64, np.float64, np.uint8, np.uint64):
            assert np.array(table["y"], dtype=kind).tobytes() not in raw
        for part in replay_plain_parts(run, table, names):
            assert part.tobytes() not in raw
            assert encode(part).tobytes() not in raw
    # The guest adds up; what it gets from each host must be far from anything that training produces.
    for sent in list_parts(run).values():
        assert min(np.abs(decode(part)).min() for part in sent) > 1e6
    assert set(list_parts(run)) == {"host.0", "host.1"}


def test_with_two_data_parties_log_and_summary_say_that_nothing_is_hidden(inputs):
    two = {"guest": ["9999"], "host": ["10000"]}
    run = simulate(homo_lr, two, params={"rounds": 2}, inputs={k: inputs[k] for k in ("guest.0", "host.0")})
    for member in run:
        assert "Not hidden: with two data parties" in run[member].log[0]
        assert run[member].summary["masked"] is False
        assert "Not hidden" in run[member].summary["disclosure"]


def test_a_party_that_drops_out_ends_the_attempt(inputs):
    inputs["host.1"]["train"]["x0"][0] = 1e300  # its own sums cannot be added any more
    with pytest.raises(InvalidInputError, match="party 10001 cannot add up its numbers"):
        simulate(homo_lr, PARTIES, inputs=inputs)


# --- what does not fit ----------------------------------------------------------------------------


def expect_invalid(text, parties, inputs, **params):
    with pytest.raises((InvalidInputError, PeerError)) as caught:
        simulate(homo_lr, parties, params=params, inputs=inputs)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "parties",
    [
        {"guest": ["1", "2"], "host": ["3"]},
        {"guest": ["1"]},
        {"host": ["1", "2"]},
        {"guest": ["1"], "host": ["2"], "arbiter": ["3", "4"]},
    ],
)
def test_wrong_roles_are_named(parties):
    expect_invalid("needs exactly 1 guest, at least 1 host and at most 1 arbiter", parties, {})


def test_missing_and_additional_features_are_named_with_their_party(inputs):
    table = inputs["host.1"]["train"]
    table["z"] = table.pop("x1")
    expect_invalid("party 10001 lacks x1 and has z in addition, compared with party 9999", PARTIES, inputs)


def test_another_order_of_features_is_named(inputs):
    table = inputs["host.0"]["train"]
    table["x0"] = table.pop("x0")
    expect_invalid("party 10000 has the features of party 9999 in another order (x1, x2, x0", PARTIES, inputs)


def test_validation_features_must_be_those_of_training(inputs):
    inputs["host.0"]["validate"] = make_party(1, features=2)
    expect_invalid("at party 10000 the inputs differ in their features", PARTIES, inputs)


def test_settings_that_all_must_share_are_compared(inputs):
    with pytest.raises(InvalidInputError) as caught:
        simulate(homo_lr, PARTIES, params=lambda me: {"rounds": 3 if me.party == "10001" else 4}, inputs=inputs)
    assert "rounds is 3 at party 10001 but 4 at party 9999: give all parties the same value" in str(caught.value)


def test_one_class_over_all_parties_is_an_error_everywhere(inputs):
    for ports in inputs.values():
        ports["train"]["y"] = [1] * 60
    expect_invalid("all 180 training rows of all parties have the label 1", PARTIES, inputs)


def test_one_class_at_one_party_is_only_logged(inputs):
    inputs["host.0"]["train"]["y"] = [0] * 60
    run = simulate(homo_lr, PARTIES, params={"rounds": 2}, inputs=inputs)
    assert "all 60 rows of this party have the label 0" in run["host.0"].log


def test_labels_that_are_not_binary_are_named(inputs):
    inputs["host.0"]["train"]["y"] = [row % 3 for row in range(60)]
    expect_invalid("label column 'y' of party 10000 holds 0, 1, 2: homo_lr needs 0 and 1", PARTIES, inputs)


def test_labels_of_minus_one_and_one_are_understood(inputs):
    wanted = read_model(simulate(homo_lr, PARTIES, params={"rounds": 2}, inputs=inputs))
    for ports in inputs.values():
        ports["train"]["y"] = [2 * label - 1 for label in ports["train"]["y"]]
    found = read_model(simulate(homo_lr, PARTIES, params={"rounds": 2}, inputs=inputs))
    assert np.allclose(found["coefficients"], wanted["coefficients"])


def test_a_table_without_features_is_named(inputs):
    inputs["host.0"]["train"] = {"id": ["a", "b"], "y": [0, 1]}
    expect_invalid("training table of party 10000 has no features", PARTIES, inputs)


def test_a_missing_input_is_named(inputs):
    del inputs["host.0"]
    expect_invalid("needs the input 'train' at party 10000", PARTIES, inputs)


def test_training_that_diverges_says_what_to_lower(inputs):
    expect_invalid(
        "has diverged: lower `learning_rate`", PARTIES, inputs, scale=False, learning_rate=100, l2=1000, rounds=200
    )


@pytest.mark.parametrize("scale", [True, False])
def test_a_column_too_large_to_work_with_is_named(inputs, scale):
    inputs["host.1"]["train"]["x1"] = [1e30, *[1e20] * 59]
    text = "cannot add up its numbers" if scale else "has diverged: lower `learning_rate`"
    with pytest.raises(InvalidInputError, match=f"{text}.*'x1'"):
        simulate(homo_lr, PARTIES, params={"scale": scale}, inputs=inputs)


@given(
    rows=st.lists(st.integers(1, 6), min_size=3, max_size=3),
    constant=st.booleans(),
    size=st.sampled_from([1e-12, 1.0, 1e14]),
    labels=st.integers(0, 2**18 - 1),
)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_odd_tables_train_or_are_refused_with_a_reason(rows, constant, size, labels):
    rng = np.random.default_rng(labels)
    inputs = {}
    for place, (member, count) in enumerate(zip(DATA_PARTIES, rows, strict=True)):
        values = np.full(count, 7.0) if constant else rng.normal(size=count) * size
        inputs[member] = {
            "train": {
                "id": ["同じ"] * count,
                "y": [labels >> (6 * place + row) & 1 for row in range(count)],
                "x": values.tolist(),
            }
        }
    if len({label for ports in inputs.values() for label in ports["train"]["y"]}) == 1:
        expect_invalid("have the label", PARTIES, inputs, rounds=3)
        return
    run = simulate(homo_lr, PARTIES, params={"rounds": 3}, inputs=inputs)
    model = read_model(run)
    assert np.isfinite([*model["coefficients"], model["intercept"]]).all()
    assert not (constant and abs(model["coefficients"][0]) > 1e-9)


# --- weights of samples ---------------------------------------------------------------------------


@pytest.fixture
def weigh(tmp_path):
    """Makes a table as sample_weight leaves it."""

    def write(table, weights):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        result = run_one(sample_weight, {**table, "w": weights}, weight_column="w")
        path.write_bytes(result.output("data").read_bytes())
        return path

    return write


def repeat(table, times):
    """The table with each row so many times."""
    return {name: np.repeat(values, times).tolist() for name, values in table.items()}


def test_a_sample_of_weight_two_counts_like_two_samples(inputs, weigh):
    rng = np.random.default_rng(0)
    weighted, repeated = {}, {}
    for member, ports in inputs.items():
        times = rng.integers(0, 4, 60)
        weighted[member] = {"train": weigh(ports["train"], times.tolist())}
        repeated[member] = {"train": repeat(ports["train"], times)}
    params = {"rounds": 20, "scale": False, "learning_rate": 1e-3}
    found, wanted = (simulate(homo_lr, PARTIES, params=params, inputs=each) for each in (weighted, repeated))
    assert np.allclose(read_model(found)["coefficients"], read_model(wanted)["coefficients"], atol=1e-9)
    assert found["guest"].summary["federated_loss"] == pytest.approx(
        wanted["guest"].summary["federated_loss"], abs=1e-9
    )
    assert found["guest"].metrics["loss"][-1][1] == pytest.approx(wanted["guest"].metrics["loss"][-1][1], abs=1e-9)
    assert found["guest"].summary["rows"] == 180


def test_only_some_parties_need_weights_and_all_may_train_in_batches_and_folds(inputs, weigh):
    plain = simulate(homo_lr, PARTIES, params={"rounds": 5}, inputs=inputs)
    inputs["host.1"]["train"] = weigh(inputs["host.1"]["train"], [1.0] * 60)
    alike = simulate(homo_lr, PARTIES, params={"rounds": 5}, inputs=inputs)
    assert np.allclose(read_model(alike)["coefficients"], read_model(plain)["coefficients"], atol=1e-9)
    inputs["guest.0"]["train"] = weigh(inputs["guest.0"]["train"], [0.0] * 30 + [2.0] * 30)
    folds = simulate(homo_lr, PARTIES, params={"rounds": 3, "batch_size": 7, "cv_folds": 2}, inputs=inputs)
    assert folds["guest"].summary["cv"]["mean"]["validate"]["auc"] > 0.5


def test_weights_that_leave_nothing_to_learn_from_are_refused(inputs, weigh):
    for member, ports in inputs.items():
        inputs[member] = {"train": weigh(ports["train"], [0.0] * 60)}
    expect_invalid("all 180 training rows of all parties weigh 0", PARTIES, inputs)
