import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.boosting import (
    assert_same,
    boost_plainly,
    make_tables,
    read_model,
    read_trees,
    sigmoid,
    slope_squares,
)
from tests.workers.components.vertical import OWNERS, THREE, TWO
from workers.components.homo_secureboost import homo_secureboost
from workers.components.masking import decode


def make_parties(owners=OWNERS, *, rows=(40, 50, 30), width=3, **kinds):
    """A table for each party, cut from one; and its columns and labels as a whole."""
    whole = make_tables((width,), rows=sum(rows[: len(owners)]), **kinds)["guest.0"]["train"]
    inputs, start = {}, 0
    for owner, count in zip(owners, rows, strict=False):
        inputs[owner] = {"train": {name: column[start : start + count] for name, column in whole.items()}}
        start += count
    features = np.array([whole[f"x{place}"] for place in range(width)], dtype=float).T
    return inputs, features, np.array(whole["y"], dtype=float)


def run(parties, inputs, **params):
    return simulate(homo_secureboost, parties, params={"trees": 3, **params}, inputs=inputs)


def assert_grown(found, features, labels, **wanted):
    trees, scores = boost_plainly(features, labels, **wanted)
    for member in found:
        grown = read_trees_of(found, member)
        for one, other in zip(grown, trees, strict=True):
            assert_same(one, other, features, tolerance=1e-6)
    return scores


def read_trees_of(found, member):
    class One(dict):
        pass

    only = One({"guest.0": found[member]})
    return read_trees(only)


@pytest.mark.parametrize(
    ("parties", "owners"), [(THREE, OWNERS), ({**THREE, "arbiter": ["1"]}, OWNERS), (TWO, OWNERS[:2])]
)
def test_every_member_has_the_trees_of_the_pooled_rows(parties, owners):
    inputs, features, labels = make_parties(owners)
    found = run(parties, inputs)
    scores = assert_grown(found, features, labels)
    start = 0
    for owner in owners:
        table = found[owner].read_table("data")
        count = len(table["id"])
        assert np.allclose(table["predict_score"], sigmoid(scores[start : start + count]), atol=1e-6)
        assert table["label"] == inputs[owner]["train"]["y"]
        start += count
    losses = [found[member].metrics["loss"] for member in found]
    assert all(each == losses[0] for each in losses)


def test_reals_missing_values_and_limits_grow_the_same_trees():
    inputs, features, labels = make_parties(kind="real", gaps=0.2)
    limits = {"max_depth": 4, "min_leaf_node": 3, "l2": 1.0, "bins": 7}
    found = run(THREE, inputs, objective="lse", use_missing=True, **limits)
    assert_grown(found, features, labels, slope=slope_squares, start=labels.mean(), exact=True, **limits)


def test_classes_that_one_party_does_not_know_are_learned():
    inputs, _, labels = make_parties(kind="multi")
    kept = [row for row, label in enumerate(inputs["host.0"]["train"]["y"]) if label != 2]
    inputs["host.0"]["train"] = {
        name: [column[row] for row in kept] for name, column in inputs["host.0"]["train"].items()
    }
    found = run(THREE, inputs)
    assert read_model(found, "host.0")["classes"] == [0, 1, 2]
    assert set(labels) == {0, 1, 2}
    table = found["guest"].read_table("data")
    assert np.mean(np.array(table["label"]) == table["predict_result"]) > 0.7


def test_validation_samples_are_each_partys_own():
    inputs, *_ = make_parties()
    extra, *_ = make_parties(seed=9)
    inputs["host.0"]["validate"] = extra["host.0"]["train"]
    found = run(THREE, inputs)
    assert [number for number, _ in found["host.0"].metrics["validate_auc"]] == [1, 2, 3]
    assert "validate_auc" not in found["guest"].metrics
    assert found["host.0"].read_table("data")["split"][-1] == "validate"


def test_training_stops_where_the_loss_settles_at_all_members():
    found = run(THREE, make_parties()[0], trees=60, tol=0.01)
    assert {found[member].summary["stopped_by"] for member in found} == {"loss"}
    assert len({found[member].summary["rounds"] for member in found}) == 1
    assert 1 < found["guest"].summary["rounds"] < 60


def test_no_message_holds_a_row_a_label_list_an_id_or_a_plain_sum():
    inputs, *_ = make_parties()
    found = run({**THREE, "arbiter": ["1"]}, inputs)
    assert {m.name for m in found.messages} == {"profile", "agreement", "mask_key", "part", "sum"}
    texts = [json.dumps(m.value, ensure_ascii=False) for m in found.messages if m.name in ("profile", "agreement")]
    raw = b"".join(np.asarray(m.value).tobytes() for m in found.messages if m.name == "part")
    for ports in inputs.values():
        table = ports["train"]
        assert not any(name in text for name in table["id"] for text in texts)
        assert not any(np.float64(value).tobytes() in raw for name in ("x0", "x1", "x2") for value in table[name])
        for kind in (np.int64, np.float64, np.uint8):
            assert np.array(table["y"], dtype=kind).tobytes() not in raw
    # Plain counts and sums are far smaller than anything that a mask leaves behind.
    assert min(np.abs(decode(m.value)).min() for m in found.messages if m.name == "part") > 1e6


# --- what does not fit ----------------------------------------------------------------------------


def expect_invalid(text, inputs, parties=THREE, **params):
    with pytest.raises((InvalidInputError, PeerError), match=text):
        run(parties, inputs, **params)


def test_one_class_over_all_parties_is_refused_but_not_at_one_party():
    inputs, *_ = make_parties()
    inputs["host.0"]["train"]["y"] = [1] * 50
    run(THREE, inputs)
    for ports in inputs.values():
        ports["train"]["y"] = [1] * len(ports["train"]["id"])
    expect_invalid("all 120 training rows of all parties have the label 1", inputs)


def test_labels_that_are_missing_or_far_off_are_refused():
    inputs, *_ = make_parties()
    inputs["host.0"]["train"]["y"][0] = 5000
    expect_invalid("label column 'y' of party 10000 goes from 0 to 5000: map labels to 0, 1, 2", inputs)
    del inputs["host.0"]["train"]["y"]
    expect_invalid("training table of party 10000 has no label column 'y'", inputs)


def test_settings_and_features_must_be_the_same():
    inputs, *_ = make_parties()
    with pytest.raises(InvalidInputError, match="bins is 8 at party 10001 but 32 at party 9999"):
        simulate(homo_secureboost, THREE, params=lambda me: {"bins": 8} if me.party == "10001" else {}, inputs=inputs)
    inputs["host.0"]["train"]["z"] = inputs["host.0"]["train"].pop("x1")
    expect_invalid("party 10000 lacks x1 and has z in addition", inputs)


def test_a_party_without_features_is_refused():
    inputs, *_ = make_parties()
    inputs["host.0"]["train"] = {name: inputs["host.0"]["train"][name] for name in ("id", "y")}
    expect_invalid("training table of party 10000 has no features", inputs)


@given(
    rows=st.tuples(*[st.integers(1, 6)] * 3), gaps=st.sampled_from([0.0, 0.4, 1.0]), constant=st.booleans(),
    size=st.sampled_from([1e-12, 1.0, 1e14]), seed=st.integers(0, 2**18),
)  # fmt: skip
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_odd_tables_grow_as_plainly_or_are_refused_with_a_reason(rows, gaps, constant, size, seed):
    inputs, features, labels = make_parties(rows=rows, width=2, gaps=gaps, seed=seed)
    for ports in inputs.values():
        for name in ("x0", "x1"):
            ports["train"][name] = [v if v is None else 7.0 if constant else v * size for v in ports["train"][name]]
    features = np.where(np.isnan(features), np.nan, 7.0) if constant else features * size
    if len(set(labels)) == 1:
        expect_invalid("have the label", inputs, use_missing=True)
        return
    found = run(THREE, inputs, trees=2, use_missing=True, early_stop=False)
    assert_grown(found, features, labels, trees=2)
