import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.board import Message
from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, THREE, TWO, make_inputs
from workers.components.bins import find_buckets, find_quantiles, place_values
from workers.components.hetero_feature_binning import hetero_feature_binning
from workers.components.woe import weigh


def make_tables(widths, **how):
    """Input `data` of each party; the first column of each has some gaps."""
    inputs = {owner: {"data": ports["train"]} for owner, ports in make_inputs(widths, **how).items()}
    for ports in inputs.values():
        first = next((name for name in ports["data"] if name[0] == "x"), None)
        if first:
            ports["data"][first][::7] = [None] * len(ports["data"][first][::7])
    return inputs


def run(parties, inputs, **params):
    return simulate(hetero_feature_binning, parties, params={**FAST, "bins": 4, **params}, inputs=inputs)


def read_model(found, member):
    return json.loads(found[member].output("model").read_text())


def weigh_plainly(values, labels, points, label=1):
    places = place_values(np.array(values, dtype=float), points)
    bins = len(points) + int(np.isnan(np.array(values, dtype=float)).any())
    hits = np.bincount(places, np.array(labels) == label, minlength=bins)
    return weigh(hits, np.bincount(places, minlength=bins) - hits, adjustment=0.5)


@pytest.mark.parametrize(("parties", "widths"), [(TWO, (2, 3)), (THREE, (2, 1, 2))], ids=["two", "three"])
@pytest.mark.parametrize(("method", "find"), [("quantile", find_quantiles), ("bucket", find_buckets)])
def test_bins_and_weights_are_those_of_the_pooled_columns(parties, widths, method, find):
    inputs = make_tables(widths, rows=60)
    found = run(parties, inputs, method=method)
    labels = inputs["guest.0"]["data"]["y"]
    guest = read_model(found, "guest")
    for owner, ports in inputs.items():
        names = [name for name in ports["data"] if name[0] == "x"]
        for place, (name, column) in enumerate(zip(names, read_model(found, owner)["columns"], strict=True)):
            values = ports["data"][name]
            assert (column["name"], column["position"]) == (name, place)
            assert column["points"] == find(np.array(values, dtype=float), 4)
            wanted = weigh_plainly(values, labels, column["points"])
            of_guest = guest["columns"] if owner == "guest.0" else guest["hosts"][owner]["columns"]
            (result,) = of_guest[place]["results"]
            assert result["label"] == "1"
            assert result["total_iv"] == pytest.approx(wanted.total_iv)
            assert sorted(result["woe"]) == pytest.approx(sorted(wanted.woe))
            if owner != "guest.0":
                assert column["results"] == []
                assert of_guest[place]["name"] == f"host_{found[owner].member.party}_{place}"
    assert set(found["guest"].summary["iv"]) >= {"x0", "host_10000_0"}
    assert "iv" not in found["host.0"].summary
    assert found["guest"].progress == sorted(found["guest"].progress)


@pytest.mark.parametrize("metric", ["iv", "gini", "chi_square", "ks"])
def test_optimal_bins_of_a_host_are_those_that_the_guest_would_make_of_the_same_column(metric):
    inputs = make_tables((2, 2), rows=80)
    inputs["host.0"]["data"]["x2"] = inputs["guest.0"]["data"]["x0"]
    params = {"method": "optimal", "metric": metric, "start_bins": 30, "min_share": 0.1}
    found = run(TWO, inputs, **params)
    guest, host = read_model(found, "guest"), read_model(found, "host")
    assert host["columns"][0]["points"] == guest["columns"][0]["points"]
    assert len(guest["columns"][0]["points"]) <= 4
    theirs = guest["hosts"]["host.0"]["columns"][0]["results"][0]
    assert theirs == guest["columns"][0]["results"][0]
    fine = run(TWO, inputs, method="quantile", bins=4)
    if metric == "iv":
        assert theirs["total_iv"] >= read_model(fine, "guest")["columns"][0]["results"][0]["total_iv"]


def test_values_are_replaced_by_bins_or_weights_and_a_model_does_the_same_again():
    inputs = make_tables((2, 2))
    found = run(TWO, inputs, transform="bins")
    model = read_model(found, "host")
    for column in model["columns"]:
        values = np.array(inputs["host.0"]["data"][column["name"]], dtype=float)
        assert found["host"].read_table("data")[column["name"]] == place_values(values, column["points"]).tolist()
    again = {owner: {"data": ports["data"], "model": found[owner].output("model")} for owner, ports in inputs.items()}
    repeated = run(TWO, again)
    for owner in inputs:
        assert repeated[owner].read_table("data") == found[owner].read_table("data")
    assert not repeated.messages
    weights = run(TWO, inputs, transform="woe")
    guest = read_model(weights, "guest")["columns"][0]
    places = place_values(np.array(inputs["guest.0"]["data"]["x0"], dtype=float), guest["points"])
    assert weights["guest"].read_table("data")["x0"] == [guest["results"][0]["woe"][place] for place in places]
    assert weights["host"].read_table("data") == inputs["host.0"]["data"]
    assert "only the guest has them" in weights["host"].log[0]


def test_three_labels_are_judged_one_against_all_others():
    inputs = make_tables((2, 2), rows=60)
    labels = inputs["guest.0"]["data"]["y"] = [row % 3 for row in range(60)]
    found = run(TWO, inputs)
    guest, host = read_model(found, "guest"), read_model(found, "host")
    results = guest["hosts"]["host.0"]["columns"][1]["results"]
    assert [each["label"] for each in results] == ["0", "1", "2"]
    for label, result in enumerate(results):
        wanted = weigh_plainly(inputs["host.0"]["data"]["x3"], labels, host["columns"][1]["points"], label)
        assert result["total_iv"] == pytest.approx(wanted.total_iv)
    with pytest.raises(InvalidInputError, match="has 3 different labels, but `method: optimal` joins bins by two"):
        run(TWO, inputs, method="optimal")


def test_categories_and_given_points_stay_and_only_named_columns_are_binned():
    inputs = make_tables((3, 2))
    inputs["guest.0"]["data"]["x1"] = [float(row % 3) for row in range(40)]
    params = {
        "columns": ["x1"], "positions": [0], "category_columns": ["x1"], "split_points": {"x0": [0.5, -1]},
        "method": "optimal", "unknown_columns": "ignore", "transform": "bins", "transform_columns": ["x1"],
    }  # fmt: skip
    found = run(TWO, inputs, **params)
    columns = read_model(found, "guest")["columns"]
    assert [(each["name"], each["points"]) for each in columns] == [("x0", [-1, 0.5]), ("x1", [0, 1, 2])]
    table = found["guest"].read_table("data")
    assert table["x1"] == [row % 3 for row in range(40)]
    assert table["x0"] == inputs["guest.0"]["data"]["x0"]
    assert [each["name"] for each in read_model(found, "host")["columns"]] == ["x3"]


def test_without_statistics_or_hosts_no_label_travels():
    inputs = make_tables((2, 2))
    plain = run(TWO, inputs, statistics=False)
    assert {m.name for m in plain.messages} == {"profile", "agreement"}
    assert read_model(plain, "guest")["columns"][0]["results"] == []
    alone = run(TWO, inputs, local_only=True, transform="bins")
    assert {m.name for m in alone.messages} == {"profile", "agreement"}
    assert read_model(alone, "guest")["columns"][0]["results"]
    assert alone["host"].read_table("data") == inputs["host.0"]["data"]
    left_out = run(TWO, inputs, run=False)
    assert left_out["guest"].read_table("data") == inputs["guest.0"]["data"]


# --- what is exchanged -----------------------------------------------------------------------------


def assert_hidden(found, inputs):
    """No message holds a value, a label, an id or a column's name of its sender."""
    for message in found.messages:
        table = inputs[message.sender.address]["data"]
        if not isinstance(message.value, bytes):
            text = json.dumps(message.value, ensure_ascii=False)
            secrets = [*table["id"], *(name for name in table if name[0] == "x")]
            numbers = {repr(value) for name in table if name[0] == "x" for value in table[name] if value is not None}
            assert not any(f'"{each}"' in text for each in secrets), message.name
            assert not any(number in text for number in numbers), message.name
        raw = message.value if isinstance(message.value, bytes) else repr(message.value).encode()
        for kind in (np.int64, np.float64, np.uint8):
            assert "y" not in table or np.array(table["y"], dtype=kind).tobytes() not in raw, message.name
        assert not any(
            np.float64(value).tobytes() in raw
            for name in table
            if name[0] == "x"
            for value in table[name]
            if value is not None
        ), message.name


@pytest.mark.parametrize("method", ["quantile", "optimal"])
def test_no_message_holds_a_plain_value_of_another_party(method):
    inputs = make_tables((2, 2, 1))
    found = run(THREE, inputs, method=method)
    names = {"profile", "agreement", "label_key", "labels", "columns", "sizes", "sums"}
    assert {m.name for m in found.messages} == names | ({"ends"} if method == "optimal" else set())
    assert_hidden(found, inputs)
    to_hosts = {m.name for m in found.messages if m.receiver.role == "host"}
    assert to_hosts == {"agreement", "label_key", "labels"} | ({"ends"} if method == "optimal" else set())
    sums = [m for m in found.messages if m.name == "sums"]
    assert all(isinstance(m.value, bytes) and m.receiver.role == "guest" for m in sums)


def test_the_check_for_plain_values_finds_them():
    inputs = make_tables((2, 2))
    found = run(TWO, inputs)
    guest, host = found["guest"].member, found["host"].member
    labels = np.array(inputs["guest.0"]["data"]["y"], dtype=np.uint8)
    found.messages.append(Message(guest, host, "leak", 0, labels.tobytes()))
    with pytest.raises(AssertionError, match="leak"):
        assert_hidden(found, inputs)


def test_the_order_of_a_hosts_bins_is_not_told():
    inputs = make_tables((1, 1), rows=40)
    inputs["host.0"]["data"]["x1"] = [float(row) for row in range(40)]
    inputs["guest.0"]["data"]["y"] = [int(row > 19) for row in range(40)]
    orders = {
        tuple(read_model(run(TWO, inputs, bins=10), "guest")["hosts"]["host.0"]["columns"][0]["results"][0]["events"])
        for _ in range(4)
    }
    assert len(orders) > 1


# --- odd and wrong input ------------------------------------------------------------------------------


def expect_invalid(text, inputs, parties=TWO, **params):
    with pytest.raises((InvalidInputError, PeerError), match=text):
        run(parties, inputs, **params)


def test_a_party_without_features_takes_part():
    for widths in ((0, 2), (2, 0)):
        found = run(TWO, make_tables(widths), transform="bins")
        assert len(read_model(found, "guest")["columns"]) == widths[0]
        assert len(read_model(found, "guest")["hosts"]["host.0"]["columns"]) == widths[1]


def test_one_class_and_missing_labels_are_refused():
    inputs = make_tables((1, 1))
    inputs["guest.0"]["data"]["y"] = [1] * 40
    expect_invalid("label column 'y' of party 9999 holds only the label 1: .* `statistics: false`", inputs)
    assert run(TWO, inputs, statistics=False)["guest"].summary["columns"] == 1
    inputs["guest.0"]["data"]["y"] = [*range(39), None]
    expect_invalid("label column of party 9999 is empty in 1 of 40 rows", inputs)
    del inputs["guest.0"]["data"]["y"]
    expect_invalid("label column of party 9999 is missing", inputs)


def test_a_label_with_very_many_values_is_refused():
    inputs = make_tables((1, 1), rows=80)
    inputs["guest.0"]["data"]["y"] = list(range(80))
    expect_invalid("holds 80 different labels: the information value is for classes", inputs)


def test_unknown_and_empty_columns_are_named():
    inputs = make_tables((2, 2))
    expect_invalid("table of party (9999|10000) has no feature 'nose'", inputs, columns=["nose"])
    expect_invalid("has no feature 'nose'.* correct `category_columns`", inputs, category_columns=["nose"])
    inputs["host.0"]["data"]["x3"] = [None] * 39 + [1.0]
    assert run(TWO, inputs)
    inputs["host.0"]["data"]["x3"] = [float("nan")] * 40
    expect_invalid("column 'x3' of party 10000 is empty: fill it, or leave it out", inputs)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"method": "optimal", "statistics": False}, "`method: optimal` needs counts of labels"),
        ({"transform": "woe", "statistics": False}, "`transform: woe` needs weights of evidence"),
        ({"method": "optimal", "max_share": 0.1}, "4 bins of at most 0.1 of the rows cannot hold all rows"),
        ({"method": "optimal", "max_share": 0.3, "min_share": 0.5}, "`min_share` is larger than `max_share`"),
        ({"split_points_by_position": {"first": [1]}}, "`split_points_by_position` has the key 'first'"),
        ({"columns": ["x0"], "unknown_columns": "ignore", "transform_columns": ["x1", "x2"]}, "has no bins: add it"),
    ],
)
def test_parameters_that_contradict_each_other_are_named(params, text):
    expect_invalid(text, make_tables((2, 2)), **params)


def test_other_samples_are_refused_at_both():
    inputs = make_tables((1, 1))
    inputs["host.0"]["data"]["id"] = inputs["host.0"]["data"]["id"][::-1]
    expect_invalid("holds other samples at party 10000", inputs)


def test_a_table_that_lacks_a_column_of_the_model_is_named():
    inputs = make_tables((2, 2))
    found = run(TWO, inputs, transform="bins")
    later = {o: {"data": dict(p["data"]), "model": found[o].output("model")} for o, p in inputs.items()}
    del later["host.0"]["data"]["x3"]
    expect_invalid("party 10000 has no feature 'x3', which the bins were made for", later)


@given(
    rows=st.integers(1, 12), constant=st.booleans(), gaps=st.integers(0, 2**12 - 1), labels=st.integers(0, 2**12 - 1),
    size=st.sampled_from([1e-300, 1.0, 1e300]), method=st.sampled_from(["quantile", "bucket", "optimal"]),
)  # fmt: skip
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_odd_columns_are_weighed_as_plainly_or_refused(rows, constant, gaps, labels, size, method):
    values = [None if gaps >> row & 1 else 7.0 if constant else float(row % 5) * size for row in range(rows)]
    codes = [labels >> row & 1 for row in range(rows)]
    names = [f"患者-{row}" for row in range(rows)]
    inputs = {
        "guest.0": {"data": {"id": names, "y": codes}},
        "host.0": {"data": {"id": names, "x": values}},
    }
    if len(set(codes)) < 2 or all(value is None for value in values):
        expect_invalid("holds only the label|is empty", inputs)
        return
    found = run(TWO, inputs, method=method, mixed=False)
    points = read_model(found, "host")["columns"][0]["points"]
    (result,) = read_model(found, "guest")["hosts"]["host.0"]["columns"][0]["results"]
    assert result["total_iv"] == pytest.approx(weigh_plainly(values, codes, points).total_iv)


def test_the_sample_data_is_judged_with_safe_keys(breast):
    tables = {
        owner: breast(party, "breast_vertical_train")
        for owner, party in zip(("guest.0", "host.0"), ("9999", "10000"), strict=True)
    }
    common = sorted(set(tables["guest.0"]["id"]) & set(tables["host.0"]["id"]))
    inputs = {}
    for owner, table in tables.items():
        rows = [table["id"].index(name) for name in common]
        inputs[owner] = {"data": {name: [column[row] for row in rows] for name, column in table.items()}}
    found = run(TWO, inputs, bins=10, key_bits=2048)
    assert found["guest"].summary["iv"]["host_10000_12"] > found["guest"].summary["iv"]["host_10000_1"]
