import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fedrota.board import Message
from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.boosting import (
    assert_same,
    boost_plainly,
    list_leaves,
    make_tables,
    pool,
    read_model,
    read_trees,
    sigmoid,
    slope_binary,
    slope_squares,
)
from tests.workers.components.vertical import FAST, THREE, TWO
from workers.components import cipher_sums, forks
from workers.components.hetero_secureboost import hetero_secureboost


@pytest.fixture(autouse=True)
def one_core(monkeypatch, request):
    """Tiny tables are not worth the processes; the sample data is."""
    if "breast" not in request.fixturenames:
        for module in (forks, cipher_sums):
            monkeypatch.setattr(module, "count_cores", lambda: 1)


def run(parties, inputs, **params):
    return simulate(hetero_secureboost, parties, params={**FAST, "trees": 3, **params}, inputs=inputs)


def assert_grown(found, inputs, *, tolerance=1e-6, **wanted):
    features, labels = pool(inputs)
    trees, scores = boost_plainly(features, labels, **wanted)
    grown = read_trees(found)
    assert len(grown) == len(trees)
    for one, other in zip(grown, trees, strict=True):
        assert_same(one, other, features, tolerance=tolerance)
    return scores


@pytest.mark.parametrize(("parties", "widths"), [(TWO, (2, 3)), (THREE, (2, 1, 2)), (TWO, (0, 3))])
def test_the_trees_are_those_of_the_pooled_columns(parties, widths):
    inputs = make_tables(widths)
    found = run(parties, inputs)
    scores = assert_grown(found, inputs)
    table = found["guest"].read_table("data")
    assert np.allclose(table["predict_score"], sigmoid(scores), atol=1e-6)
    assert table["predict_result"] == [int(score >= 0.5) for score in table["predict_score"]]
    assert (table["id"], table["label"]) == (inputs["guest.0"]["train"]["id"], inputs["guest.0"]["train"]["y"])
    assert list(table) == ["id", "label", "predict_score", "predict_result", "split"]
    for member in found:
        assert found[member].progress == sorted(found[member].progress)
        assert found[member].progress[-1] == 1.0


def test_gradients_on_a_grid_change_nothing_but_the_last_digits():
    inputs = make_tables((2, 2), kind="real", rows=80)
    found = run(TWO, inputs, objective="lse")
    mean = float(np.mean(inputs["guest.0"]["train"]["y"]))
    scores = assert_grown(found, inputs, slope=slope_squares, start=mean, exact=True)
    assert np.allclose(found["guest"].read_table("data")["predict_score"], scores, atol=1e-5)


@pytest.mark.parametrize(
    "params",
    [
        {"max_depth": 5, "min_leaf_node": 4, "l2": 1.0, "l1": 0.3, "bins": 5},
        {"max_depth": 2, "min_sample_split": 30, "min_child_weight": 3.0, "learning_rate": 1.0},
        {"max_depth": 4, "min_gain": 2.0},
        {"max_depth": 4, "max_split_nodes": 2},
    ],
)
def test_every_limit_on_growth_counts(params):
    inputs = make_tables((2, 2), rows=100, seed=3)
    wanted = {name: value for name, value in params.items() if name != "max_split_nodes"}
    assert_grown(run(TWO, inputs, **params), inputs, **wanted)


def test_missing_values_take_the_side_that_gains_more():
    inputs = make_tables((2, 3), rows=90, gaps=0.3, seed=1)
    found = run(TWO, inputs, use_missing=True, max_depth=4)
    assert_grown(found, inputs, max_depth=4)
    sides = {rule["missing_left"] for rule in read_model(found, "host.0")["records"].values()}
    assert sides == {True, False}


def test_zeros_count_as_missing_where_asked():
    inputs = make_tables((1, 2), gaps=0.3)
    zeros = make_tables((1, 2), gaps=0.3)
    for ports in zeros.values():
        for name, column in ports["train"].items():
            ports["train"][name] = [0.0 if value is None else value for value in column]
    found = run(TWO, zeros, use_missing=True, zero_as_missing=True)
    assert_grown(found, inputs)


def test_more_classes_have_a_tree_each():
    inputs = make_tables((2, 3), kind="multi", rows=120)
    found = run(TWO, inputs, trees=4)
    table, model = found["guest"].read_table("data"), read_model(found, "guest.0")
    assert [len(trees) for trees in model["rounds"]] == [3] * 4
    assert model["classes"] == [0, 1, 2]
    assert np.mean(np.array(table["predict_result"]) == table["label"]) > 0.8
    chances = [json.loads(each) for each in table["predict_detail"]]
    assert all(sum(each.values()) == pytest.approx(1) for each in chances)
    assert [int(max(each, key=each.get)) for each in chances] == table["predict_result"]
    features, labels = pool(inputs)
    first = boost_plainly(features, (labels == 0).astype(float), slope_softmax_start, trees=1)[0][0]
    assert_same(read_trees(found)[0], first, features, tolerance=1e-6)


def slope_softmax_start(labels, _scores):
    return np.full(len(labels), 1 / 3) - labels, np.full(len(labels), 2 / 9)


@pytest.mark.parametrize("objective", ["lae", "huber", "fair", "log_cosh", "tweedie"])
def test_every_objective_brings_its_loss_down(objective):
    inputs = make_tables((2, 2), kind="real")
    power = 1.5 if objective == "tweedie" else 10.0
    found = run(TWO, inputs, objective=objective, objective_parameter=power, trees=6, early_stop=False)
    losses = [value for _, value in found["guest"].metrics["loss"]]
    assert losses[-1] < losses[0]


def test_weights_count_as_repeated_rows():
    inputs = make_tables((1, 2), rows=40)
    weighted = [1 + row % 3 for row in range(40)]
    doubled = {
        owner: {"train": {name: np.repeat(column, weighted).tolist() for name, column in ports["train"].items()}}
        for owner, ports in inputs.items()
    }
    for ports in doubled.values():
        ports["train"]["id"] = [f"r{row}" for row in range(sum(weighted))]
    features, labels = pool(inputs)

    def slope(known, scores):
        pair = slope_binary(known, scores)
        return pair[0] * weighted, pair[1] * weighted

    trees, _ = boost_plainly(features, labels, slope)
    found = simulate(
        hetero_secureboost, TWO, params={**FAST, "trees": 3}, inputs=mark_weights(inputs, "guest.0", weighted)
    )
    for one, other in zip(read_trees(found), trees, strict=True):
        assert_same(one, other, features, tolerance=1e-6)


def mark_weights(inputs, owner, weights):
    import tempfile
    from pathlib import Path

    import pyarrow
    import pyarrow.parquet

    from workers.components.tables import WEIGHT_KEY

    table = pyarrow.table({**inputs[owner]["train"], "w": [float(each) for each in weights]})
    path = Path(tempfile.mkdtemp()) / "train.parquet"
    pyarrow.parquet.write_table(table.replace_schema_metadata({WEIGHT_KEY: b"w"}), path)
    return {**inputs, owner: {"train": path}}


# --- sampling, turns, stopping ------------------------------------------------------------------------


def owners_of(found, trees=None):
    rounds = read_model(found, "guest.0")["rounds"]
    return [{node["owner"] for node in tree if "owner" in node} for round in rounds[:trees] for tree in round]


def test_the_first_tree_is_the_guests_alone_where_asked():
    found = run(TWO, make_tables((2, 3)), complete_secure=True)
    assert owners_of(found)[0] == {"guest.0"}
    assert "host.0" in set().union(*owners_of(found))
    first = next(m for m in found.messages if m.name == "order" and m.value["do"] == "tree")
    assert first.value["number"] == 1


def test_parties_take_turns_with_mix():
    found = run(THREE, make_tables((2, 2, 2)), strategy="mix", trees=4)
    assert owners_of(found) == [{"guest.0"}, {"host.0"}, {"host.1"}, {"guest.0"}]


def test_hosts_split_above_the_guest_with_layered():
    found = run(TWO, make_tables((2, 2), rows=120), strategy="layered", host_depth=1, guest_depth=2)
    for tree in (tree for round in read_model(found, "guest.0")["rounds"] for tree in round):
        assert tree[0]["owner"] == "host.0"
        assert {node["owner"] for node in tree[1:] if "owner" in node} == {"guest.0"}


def test_sampled_trees_learn_and_show_the_hosts_fewer_ciphertexts():
    inputs = make_tables((2, 3), rows=200)
    found = run(TWO, inputs, goss=True, top_rate=0.2, other_rate=0.2, trees=4)
    table = found["guest"].read_table("data")
    assert roc_auc_score(table["label"], table["predict_score"]) > 0.85
    sizes = {len(m.value) // 256 for m in found.messages if m.name == "gradients 0"}
    assert sizes == {80}
    again = run(TWO, inputs, goss=True, top_rate=0.2, other_rate=0.2, trees=4)
    assert read_trees(again) == read_trees(found)


def test_a_share_of_the_features_splits_each_tree():
    found = run(TWO, make_tables((4, 4), rows=100), feature_rate=0.25, trees=6)
    for number, tree in enumerate(read_trees(found)):
        used = set(list_features(tree))
        assert len(used & {f"x{place}" for place in range(4)}) <= 1, number
        assert len(used & {f"x{place}" for place in range(4, 8)}) <= 1, number
    assert len({name for tree in read_trees(found) for name in list_features(tree)}) > 2


def list_features(tree):
    if "weight" in tree:
        return []
    return [tree["rule"]["feature"], *list_features(tree["left"]), *list_features(tree["right"])]


def split_rows(inputs, cut):
    return {
        owner: {
            "train": {name: column[:cut] for name, column in ports["train"].items()},
            "validate": {name: column[cut:] for name, column in ports["train"].items()},
        }
        for owner, ports in inputs.items()
    }


def test_validation_samples_are_predicted_and_measured_after_each_tree():
    inputs = split_rows(make_tables((2, 3), rows=150, gaps=0.1), 100)
    found = run(TWO, inputs, trees=6, validate_every=2, use_missing=True, metrics=["auc", "f1"])
    table = found["guest"].read_table("data")
    assert table["split"] == ["train"] * 100 + ["validate"] * 50
    curve = found["guest"].metrics["validate_auc"]
    assert [number for number, _ in curve] == [2, 4, 6]
    assert curve[-1][1] == pytest.approx(roc_auc_score(table["label"][100:], table["predict_score"][100:]))
    assert {"validate_f1", "validate_loss"} <= set(found["guest"].metrics)
    assert "validate_ks" not in found["guest"].metrics


def test_training_stops_where_validation_does_not_improve_and_keeps_the_best_trees():
    inputs = split_rows(make_tables((2, 2), rows=120, seed=5), 80)
    params = {"trees": 60, "learning_rate": 1.0, "early_stopping_rounds": 3, "metrics": ["auc"], "early_stop": False}
    found = run(TWO, inputs, **params)
    curve = [value for _, value in found["guest"].metrics["validate_auc"]]
    best = 1 + int(np.argmax(curve))
    assert found["guest"].summary["stopped_by"] == found["host"].summary["stopped_by"] == "metrics"
    assert len(curve) == best + 3
    assert found["guest"].summary["rounds"] == found["host"].summary["rounds"] == best
    assert len(read_model(found, "guest.0")["rounds"]) == best
    mentioned = {n["record"] for t in read_model(found, "guest.0")["rounds"] for n in t[0] if n.get("record")}
    assert set(read_model(found, "host.0")["records"]) == mentioned
    table = found["guest"].read_table("data")
    assert roc_auc_score(table["label"][80:], table["predict_score"][80:]) == pytest.approx(max(curve))


@pytest.mark.parametrize("has_table", [False, True])
def test_training_samples_stop_it_where_there_are_no_others(tmp_path, has_table):
    params = {"trees": 60, "learning_rate": 1.0, "early_stopping_rounds": 2, "metrics": ["auc"], "early_stop": False}
    inputs = make_tables((2, 2))
    for owner, ports in inputs.items() if has_table else ():
        pyarrow.parquet.write_table(pyarrow.table(ports["train"])[:0], tmp_path / owner)
        ports["validate"] = tmp_path / owner
    found = run(TWO, inputs, **params)
    assert found["guest"].summary["stopped_by"] == "metrics"
    assert max(value for _, value in found["guest"].metrics["train_auc"]) == 1.0


def test_training_stops_where_the_loss_settles():
    found = run(TWO, make_tables((1, 2)), trees=50, tol=0.02)
    losses = [value for _, value in found["guest"].metrics["loss"]]
    assert found["guest"].summary["stopped_by"] == "loss"
    assert 1 < len(losses) < 50
    assert abs(losses[-1] - losses[-2]) < 0.02 <= abs(losses[-2] - losses[-3])


def test_the_summary_counts_leaves_and_features():
    found = run(TWO, make_tables((2, 3)))
    trees, summary = read_trees(found), found["guest"].summary
    assert summary["leaves"] == sum(len(list_leaves(tree)) for tree in trees)
    used = [name for tree in trees for name in list_features(tree)]
    assert summary["importance"]["x0"] == used.count("x0")
    assert summary["importance"]["host.0"] == sum(used.count(f"x{place}") for place in (2, 3, 4))
    assert found["host"].summary["importance"]["x4"] == used.count("x4")
    by_gain = run(TWO, make_tables((2, 3)), importance="gain")["guest"].summary["importance"]
    assert list(by_gain.values()) == sorted(by_gain.values(), reverse=True)


# --- what is exchanged -----------------------------------------------------------------------------


def list_secrets(inputs):
    """By owner what must not travel in the clear: its columns and, at the guest, labels and first gradients."""
    found = {
        owner: [np.array(column, dtype=float) for name, column in ports["train"].items() if name[0] == "x"]
        for owner, ports in inputs.items()
    }
    labels = np.array(inputs["guest.0"]["train"]["y"], dtype=float)
    found["guest.0"] += [labels, 0.5 - labels]
    return found


def assert_hidden(run, inputs):
    secrets, names = list_secrets(inputs), inputs["guest.0"]["train"]["id"]
    for message in run.messages:
        if not isinstance(message.value, bytes | np.ndarray):
            text = json.dumps(message.value, ensure_ascii=False)
            assert not any(name in text for name in names), message.name
            values = [
                repr(value) for column in secrets[message.sender.address] for value in column.tolist() if value % 0.5
            ]
            assert not any(value in text for value in values), message.name
            continue
        raw = message.value if isinstance(message.value, bytes) else np.asarray(message.value).tobytes()
        for column in secrets[message.sender.address]:
            whole = [np.int64, np.int32, np.uint8] if (column == np.rint(column)).all() else []
            kinds = [column.tobytes(), *(column.astype(kind).tobytes() for kind in whole)]
            assert not any(each in raw for each in kinds), message.name
            bits = np.packbits(column > 0).tobytes()
            assert message.sender.role != "guest" or bits not in raw, message.name
            assert not any(np.float64(value).tobytes() in raw for value in column if value % 0.5), message.name


def test_no_message_holds_a_plain_value_of_another_party():
    inputs = make_tables((2, 2, 2), rows=80)
    found = run(THREE, inputs)
    sent = {(m.sender.role, m.name) for m in found.messages}
    assert sent == {
        ("guest", "agreement"), ("guest", "public_key"), ("guest", "order"), ("guest", "active"), ("guest", "gradients 0"),
        ("guest", "positions"), ("host", "profile"), ("host", "allowed"), ("host", "sums"), ("host", "records"),
        ("host", "left"), ("host", "left_validate"),
    }  # fmt: skip
    assert_hidden(found, inputs)
    assert all({*m.value} <= {"do", "number", "blocks", "rows", "families", "nodes", "share", "round", "rounds", "stopped_by"}
               for m in found.messages if m.name == "order")  # fmt: skip
    assert all(
        len(name) == 16 and isinstance(n, int) for m in found.messages if m.name == "records" for name, n in m.value
    )


@pytest.mark.parametrize("form", ["column", "labels", "bits", "value"])
def test_the_check_for_plain_values_finds_them(form):
    inputs = make_tables((2, 2))
    found = run(TWO, inputs, trees=1)
    column, labels = list_secrets(inputs)["guest.0"][0], list_secrets(inputs)["guest.0"][-2]
    value = {"column": column, "labels": labels, "bits": np.packbits(labels > 0), "value": [float(column[3])]}[form]
    found.messages.append(Message(found["guest"].member, found["host"].member, "leak", 0, value))
    with pytest.raises(AssertionError, match="leak"):
        assert_hidden(found, inputs)


def test_models_hold_own_rules_only():
    found = run(TWO, make_tables((2, 3)))
    guest, host = (found[member].output("model").read_text() for member in ("guest", "host"))
    assert not any(f'"x{place}"' in guest for place in (2, 3, 4))
    assert not any(f'"x{place}"' in host for place in (0, 1))
    assert {"weight", "gain", "rounds"}.isdisjoint(json.loads(host))
    assert "weight" not in host


def test_hosts_show_their_candidates_in_another_order_for_each_tree_and_run():
    inputs = make_tables((1, 3), rows=80)
    runs = [run(TWO, inputs, min_leaf_node=5) for _ in range(2)]
    # Which candidates of the root have enough samples on both sides is the same each time, but for the order.
    roots = [m.value[0].tobytes() for each in runs for m in each.messages if m.name == "allowed" and len(m.value) == 1]
    assert len(roots) == len(set(roots)) == 6
    assert len({np.unpackbits(np.frombuffer(each, dtype=np.uint8)).sum() for each in roots}) == 1
    assert read_trees(runs[0]) == read_trees(runs[1])


# --- odd and wrong input ------------------------------------------------------------------------------


def expect_invalid(text, inputs, parties=TWO, **params):
    with pytest.raises(InvalidInputError, match=text):
        run(parties, inputs, **params)


def test_a_host_without_features_is_refused():
    expect_invalid("training table of party 10000 has no features, only an id: give it", make_tables((2, 0)))


def test_one_class_is_refused():
    inputs = make_tables((2, 2))
    inputs["guest.0"]["train"]["y"] = [1] * 60
    expect_invalid("all 60 training rows of party 9999 have the label 1", inputs)


def test_labels_that_are_missing_or_no_classes_are_refused():
    inputs = make_tables((2, 2), kind="real")
    expect_invalid(
        "label column 'y' of party 9999 holds .*: cross_entropy takes whole numbers .* `objective: lse`", inputs
    )
    del inputs["guest.0"]["train"]["y"]
    expect_invalid(r"training table of party 9999 \(guest\) has no label column 'y'", inputs)


def test_missing_values_are_refused_with_party_and_column_unless_allowed():
    inputs = make_tables((2, 2))
    inputs["host.0"]["train"]["x3"][5] = None
    expect_invalid("column 'x3' of party 10000 has 1 missing values: set `use_missing: true`", inputs)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"strategy": "layered"}, "has no features, but `strategy: layered` lets the guest's"),
        ({"complete_secure": True}, "has no features, but `complete_secure: true`"),
        (
            {"objective": "tweedie", "objective_parameter": 2.5},
            "`objective_parameter` is 2.5: tweedie takes a power from 1",
        ),
        ({"goss": True, "top_rate": 0.6, "other_rate": 0.5}, "`top_rate` 0.6 and `other_rate` 0.5 make up all samples"),
    ],
)
def test_parameters_that_do_not_go_together_are_named(params, text):
    expect_invalid(text, make_tables((0, 2)), **params)


@pytest.mark.parametrize(
    ("name", "value"), [("trees", 0), ("max_depth", 0), ("bins", 1), ("learning_rate", 0), ("key_bits", 512)]
)
def test_parameters_out_of_range_are_refused(name, value):
    expect_invalid(name, make_tables((1, 1)), **{name: value})


def test_different_key_lengths_are_named():
    with pytest.raises(InvalidInputError, match="key_bits is 2048 at party 10000 but 1024 at party 9999"):
        simulate(
            hetero_secureboost,
            TWO,
            params=lambda me: {"key_bits": 2048 if me.role == "host" else 1024},
            inputs=make_tables((1, 1)),
        )


@given(
    rows=st.integers(2, 14), widths=st.tuples(st.integers(0, 2), st.integers(1, 2)), gaps=st.sampled_from([0.0, 0.4, 1.0]),
    constant=st.booleans(), size=st.sampled_from([1e-12, 1.0, 1e14]), labels=st.integers(0, 2**14 - 1),
)  # fmt: skip
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_odd_tables_grow_as_plainly_or_are_refused_with_a_reason(rows, widths, gaps, constant, size, labels):
    inputs = make_tables(widths, rows=rows, seed=labels, gaps=gaps)
    inputs["guest.0"]["train"]["y"] = [labels >> row & 1 for row in range(rows)]
    for ports in inputs.values():
        for name, column in ports["train"].items():
            if name[0] == "x":
                ports["train"][name] = [v if v is None else 7.0 if constant else v * size for v in column]
    if len(set(inputs["guest.0"]["train"]["y"])) == 1:
        expect_invalid("have the label", inputs, use_missing=True)
        return
    found = run(TWO, inputs, trees=2, use_missing=True, early_stop=False)
    assert_grown(found, inputs, trees=2)


def test_the_sample_data_trains_well_with_safe_keys(breast):
    tables = {"guest.0": breast("9999", "breast_vertical_train"), "host.0": breast("10000", "breast_vertical_train")}
    common = sorted(set(tables["guest.0"]["id"]) & set(tables["host.0"]["id"]))
    inputs = {}
    for owner, table in tables.items():
        rows = [table["id"].index(name) for name in common]
        inputs[owner] = {"train": {name: [column[row] for row in rows] for name, column in table.items()}}
    found = run(TWO, inputs, trees=3, key_bits=2048)
    table = found["guest"].read_table("data")
    assert roc_auc_score(table["label"], table["predict_score"]) >= 0.99
    assert_grown(found, inputs, trees=3)
