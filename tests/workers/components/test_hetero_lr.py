import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fedrota.board import Message
from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.vertical import (
    FAST,
    OWNERS,
    THREE,
    TWO,
    assert_hidden,
    list_losses,
    list_plain_values,
    make_inputs,
    pool,
    read_model,
    read_weights,
    train_plainly,
)
from workers.components.hetero_lr import hetero_lr


def run(parties, inputs, **params):
    return simulate(hetero_lr, parties, params={**FAST, "epochs": 3, "learning_rate": 0.3, **params}, inputs=inputs)


@pytest.mark.parametrize(
    ("parties", "widths"),
    [(TWO, (2, 3)), ({**TWO, "arbiter": ["1"]}, (2, 3)), (THREE, (2, 1, 2)), ({**THREE, "arbiter": ["1"]}, (2, 1, 2))],
    ids=["two", "two and an arbiter", "three", "three and an arbiter"],
)
def test_it_gives_what_plain_training_on_the_pooled_columns_gives(parties, widths):
    inputs = make_inputs(widths)
    found = run(parties, inputs)
    weights, losses = train_plainly(*pool(inputs), {"epochs": 3, "learning_rate": 0.3})
    assert np.allclose(read_weights(found), weights, atol=1e-6)
    for member in found:
        assert np.allclose(list_losses(found, member), losses, atol=1e-6)
        assert found[member].summary["epochs"] == 3
        assert found[member].progress == sorted(found[member].progress)
        assert found[member].progress[-1] == 1.0


def test_batches_and_a_decaying_rate_give_the_same_too():
    inputs, params = make_inputs((2, 2)), {"batch_size": 15, "epochs": 2, "learning_rate": 0.2, "decay": 0.5, "seed": 3}
    weights, losses = train_plainly(*pool(inputs), params)
    found = run(TWO, inputs, **params)
    assert np.allclose(read_weights(found), weights, atol=1e-6)
    assert np.allclose(list_losses(found), losses, atol=1e-6)


def test_a_host_gets_its_own_coefficients_only_and_the_guest_the_intercept():
    found = run(TWO, make_inputs((2, 3)))
    guest, host = read_model(found, "guest"), read_model(found, "host")
    assert (guest["features"], host["features"]) == (["x0", "x1"], ["x2", "x3", "x4"])
    assert (len(guest["coefficients"]), len(host["coefficients"])) == (2, 3)
    assert host["intercept"] == 0.0 != guest["intercept"]
    assert set(found["host"].outputs) == {"model"}
    assert guest["family"] == "logistic"


def test_predictions_are_the_pooled_models():
    inputs = make_inputs((2, 1, 2), rows=60)
    for ports in inputs.values():
        ports["validate"] = {name: column[:20] for name, column in ports["train"].items()}
        ports["train"] = {name: column[20:] for name, column in ports["train"].items()}
    found = run(THREE, inputs)
    table = found["guest"].read_table("data")
    weights = read_weights(found)
    for split, rows in (("train", slice(0, 40)), ("validate", slice(40, 60))):
        features, labels = pool(inputs, split)
        assert np.allclose(table["predict_score"][rows], 1 / (1 + np.exp(-(features @ weights))), atol=1e-6)
        assert table["label"][rows] == labels.tolist()
        assert table["id"][rows] == inputs["guest.0"][split]["id"]
        assert set(table["split"][rows]) == {split}
    assert table["predict_result"] == [int(score >= 0.5) for score in table["predict_score"]]


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "adagrad", "nesterov"])
def test_every_optimizer_brings_the_loss_down(optimizer):
    losses = list_losses(run(TWO, make_inputs((1, 2)), optimizer=optimizer, epochs=6, learning_rate=0.05))
    assert losses[-1] < losses[0] == pytest.approx(np.log(2))


def test_l1_makes_coefficients_vanish_and_no_intercept_stays_none():
    found = run(TWO, make_inputs((1, 2)), penalty="l1", alpha=0.2, fit_intercept=False, epochs=5)
    weights = read_weights(found)
    assert (weights[:-1] == 0.0).any()
    assert weights[-1] == 0.0


@pytest.mark.parametrize("init", ["ones", "random_uniform", "random_normal"])
def test_other_starts_end_near_the_same_place(init):
    inputs = make_inputs((1, 2))
    weights, _ = train_plainly(*pool(inputs), {"epochs": 200, "learning_rate": 0.5, "alpha": 0.2})
    found = run(TWO, inputs, init=init, epochs=25, alpha=0.2, learning_rate=1.0)
    assert np.allclose(read_weights(found), weights, atol=0.05)


@pytest.mark.parametrize(("how", "tol"), [("loss", 0.01), ("weights", 0.02)])
def test_early_stop_ends_every_party_in_the_same_epoch(how, tol):
    found = run({**TWO, "arbiter": ["1"]}, make_inputs((1, 2)), early_stop=how, tol=tol, epochs=60)
    assert {found[member].summary["stopped_by"] for member in found} == {how}
    assert len({found[member].summary["epochs"] for member in found}) == 1
    assert 1 < found["guest"].summary["epochs"] < 60


def test_no_message_holds_a_plain_value_of_another_party():
    inputs = make_inputs((2, 2, 2))
    found = run({**THREE, "arbiter": ["1"]}, inputs)
    names = {m.name.split()[0] for m in found.messages}
    assert names == {
        "profile", "agreement", "group_key", "mask_key", "public_key", "cipher", "masked", "target_share", "slope", "part",
        "sum", "score",
    }  # fmt: skip
    assert_hidden(found, inputs, final=())
    to_arbiter = {m.name for m in found.messages if m.receiver.role == "arbiter"}
    assert to_arbiter == {"agreement", "part"}


def test_with_two_parties_only_the_scores_of_the_host_reach_the_guest():
    inputs = make_inputs((2, 3))
    assert_hidden(run(TWO, inputs), inputs)


@pytest.mark.parametrize("form", ["column", "labels", "gradient", "fixed point"])
def test_the_check_for_plain_values_finds_them(form):
    inputs = make_inputs((2, 3))
    found = run(TWO, inputs)
    secrets = list_plain_values(inputs, read_weights(found))["guest.0"]
    value = {
        "column": secrets[0],
        "labels": secrets[-2],
        "gradient": secrets[-3].tobytes(),
        "fixed point": np.rint(secrets[2] * 2**20).astype(np.int64),
    }[form]
    guest, host = found["guest"].member, found["host"].member
    found.messages.append(Message(guest, host, "leak", 0, value))
    with pytest.raises(AssertionError, match="leak"):
        assert_hidden(found, inputs)


def test_messages_differ_from_run_to_run():
    inputs = make_inputs((1, 2))
    first, second = (
        {(m.sender, m.receiver, m.name, m.round): m.value for m in run(TWO, inputs).messages} for _ in range(2)
    )
    for key, value in first.items():
        if key[2] in ("cipher", "masked"):
            assert value != second[key]
        elif key[2] == "target_share":
            assert not (value == second[key]).all()


# --- odd and wrong input ------------------------------------------------------------------------------


def expect_invalid(text, inputs, parties=TWO, **params):
    with pytest.raises(InvalidInputError, match=text):
        run(parties, inputs, **params)


def test_a_guest_without_features_trains_with_the_hosts_columns():
    inputs = make_inputs((0, 3))
    found = run(TWO, inputs)
    weights, _ = train_plainly(*pool(inputs), {"epochs": 3, "learning_rate": 0.3})
    assert np.allclose(read_weights(found), weights, atol=1e-6)


def test_a_host_without_features_is_refused():
    expect_invalid(
        "training table of party 10000 has no features, only an id: give it features, or leave", make_inputs((2, 0))
    )


def test_one_class_is_refused():
    inputs = make_inputs((2, 2))
    inputs["guest.0"]["train"]["y"] = [1] * 40
    expect_invalid("all 40 training rows of party 9999 have the label 1", inputs)


def test_labels_that_are_missing_or_no_classes_are_refused():
    inputs = make_inputs((2, 2))
    inputs["guest.0"]["train"]["y"] = [row % 3 for row in range(40)]
    expect_invalid("label column 'y' of party 9999 holds 0, 1, 2: 'hetero_lr' needs 0 and 1", inputs)
    del inputs["guest.0"]["train"]["y"]
    expect_invalid(r"training table of party 9999 \(guest\) has no label column 'y'", inputs)


def test_missing_values_are_refused_with_party_and_column():
    inputs = make_inputs((2, 2))
    inputs["host.0"]["train"]["x3"][5] = None
    expect_invalid("column 'x3' of party 10000 has 1 missing or infinite values: set `fill`", inputs)


def test_repeated_ids_are_refused():
    inputs = make_inputs((2, 2))
    inputs["host.0"]["train"]["id"] = ["a"] * 40
    expect_invalid("input 'train' of party 10000 repeats 39 ids", inputs)


def test_other_samples_or_another_order_are_refused_at_both():
    inputs = make_inputs((2, 2))
    inputs["host.0"]["train"]["id"] = inputs["host.0"]["train"]["id"][::-1]
    expect_invalid(
        r"holds other samples at party 10000 \(40 rows\) than at party 9999 \(40 rows\), or in another", inputs
    )


def test_validation_values_that_no_score_can_take_are_named_before_training():
    inputs = make_inputs((2, 2))
    for ports in inputs.values():
        ports["validate"] = {name: list(column) for name, column in ports["train"].items()}
    inputs["host.0"]["validate"]["x3"][0] = 1e300
    expect_invalid(r"column 'x3' of party 10000 has values up to 1e\+300, whose squares are too large", inputs)


def test_a_validation_input_at_one_party_only_is_refused():
    inputs = make_inputs((2, 2))
    inputs["host.0"]["validate"] = inputs["host.0"]["train"]
    expect_invalid("party 9999 has the inputs train, party 10000 has train, validate: connect the same", inputs)


def test_a_batch_with_fewer_rows_than_coefficients_is_refused():
    expect_invalid(
        "has 6 coefficients, but a batch has only 5 rows: .* Raise `batch_size`", make_inputs((5, 1)), batch_size=5
    )


def test_different_settings_are_named():
    with pytest.raises(InvalidInputError, match="epochs is 4 at party 10000 but 3 at party 9999"):
        simulate(
            hetero_lr,
            TWO,
            params=lambda me: {**FAST, "epochs": 4 if me.role == "host" else 3},
            inputs=make_inputs((1, 2)),
        )


def test_features_too_large_or_too_small_without_scaling_are_named():
    inputs = make_inputs((1, 2))
    inputs["host.0"]["train"]["x1"] = [1e7 * row for row in range(40)]
    expect_invalid("column 'x1' of party 10000 has a deviation of .* set `scale: true`", inputs, scale=False)


def test_training_that_diverges_says_what_to_lower():
    with pytest.raises((InvalidInputError, PeerError), match="has diverged: lower `learning_rate`"):
        run(TWO, make_inputs((1, 2)), learning_rate=100, epochs=40)


@pytest.mark.parametrize("parties", [{"guest": ["1"]}, {"guest": ["1", "2"], "host": ["3"]}, {"host": ["1"]}])
def test_wrong_roles_are_named(parties):
    expect_invalid("needs exactly 1 guest, at least 1 host and at most 1 arbiter", {}, parties)


def test_a_host_with_a_label_column_is_told_that_it_is_not_used():
    inputs = make_inputs((1, 2))
    inputs["host.0"]["train"]["y"] = [0.0] * 40
    found = run(TWO, inputs)
    assert "label column 'y' of this host is not used: the guest brings the labels" in found["host"].log
    assert len(read_model(found, "host")["coefficients"]) == 2


@given(
    rows=st.integers(2, 12), widths=st.tuples(st.integers(0, 2), st.integers(1, 2)), constant=st.booleans(),
    size=st.sampled_from([1e-12, 1.0, 1e14]), labels=st.integers(0, 2**12 - 1),
)  # fmt: skip
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_odd_tables_train_as_plainly_or_are_refused_with_a_reason(rows, widths, constant, size, labels):
    inputs = make_inputs(widths, rows=rows, seed=labels)
    inputs["guest.0"]["train"]["y"] = [labels >> row & 1 for row in range(rows)]
    for ports in inputs.values():
        for name, column in ports["train"].items():
            if name[0] == "x":
                ports["train"][name] = [7.0 if constant else value * size for value in column]
    one_class = len(set(inputs["guest.0"]["train"]["y"])) == 1
    if one_class or rows <= max(widths[0] + 1, widths[1]):
        expect_invalid("have the label|a batch has only", inputs)
        return
    weights, losses = train_plainly(*pool(inputs), {"epochs": 3, "learning_rate": 0.3})
    found = run(TWO, inputs)
    assert np.allclose(read_weights(found), weights, atol=1e-5)
    assert np.allclose(list_losses(found), losses, atol=1e-5)


def test_the_sample_data_trains_well_with_safe_keys(breast):
    inputs = {}
    tables = {
        owner: breast(party, "breast_vertical_train") for owner, party in zip(OWNERS, ("9999", "10000"), strict=False)
    }
    common = sorted(set(tables["guest.0"]["id"]) & set(tables["host.0"]["id"]))
    for owner, table in tables.items():
        rows = [table["id"].index(name) for name in common]
        inputs[owner] = {"train": {name: [column[row] for row in rows] for name, column in table.items()}}
    found = run(TWO, inputs, epochs=5, learning_rate=0.5, key_bits=2048)
    table = found["guest"].read_table("data")
    assert roc_auc_score(table["label"], table["predict_score"]) >= 0.99
    assert np.allclose(
        read_weights(found), train_plainly(*pool(inputs), {"epochs": 5, "learning_rate": 0.5})[0], atol=1e-6
    )
