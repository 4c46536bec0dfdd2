from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.simulate import simulate
from tests.workers.components.tabular import TRIO, TWO, make_empty, read_marks, refuse_all, run_all, run_one
from workers.components.federated_sample import federated_sample
from workers.components.sample_weight import sample_weight

IDS = [f"患者-{n}" for n in range(20)]
GUEST = {"id": IDS, "y": [0] * 15 + [1] * 5, "g": list(range(20))}
HOST = {"id": IDS, "x": list(range(20))}
TABLES = {"guest": GUEST, "host": HOST}


@given(
    st.sampled_from(["random", "stratified"]),
    st.sampled_from(["downsample", "upsample"]),
    st.floats(0.01, 1),
    st.integers(0, 9),
)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_aligned_parties_keep_the_same_rows(mode, method, rate, seed):
    params = {"mode": mode, "method": method, "fraction": rate, "fractions": {"0": rate, "1": 1}, "seed": seed}
    run = run_all(federated_sample, TRIO, TABLES, **params)
    guest, host = run["guest"].read_table("data"), run["host"].read_table("data")
    assert guest["id"] == host["id"]
    assert guest["g"] == host["x"]
    assert len(guest["id"]) == run["host"].summary["drawn"] == max(1, len(guest["id"]))
    if method == "downsample":
        assert guest["id"] == [IDS[row] for row in guest["g"]]
    else:
        assert guest["id"] == [str(place) for place in range(len(guest["id"]))]


def test_rates_hold_for_each_label():
    run = run_all(federated_sample, TWO, TABLES, mode="stratified", fractions={"0": 0.4, "1": 0.8, "7": 1})
    assert Counter(run["guest"].read_table("data")["y"]) == {0: 6, 1: 4}
    assert run["guest"].summary["labels_before"] == {"0": 15, "1": 5}
    more = run_all(federated_sample, TWO, TABLES, mode="stratified", method="upsample", fractions={"0": 1, "1": 3})
    assert Counter(more["guest"].read_table("data")["y"]) == {0: 15, 1: 15}


def test_rows_are_repeated_by_their_weights_at_all_parties():
    weighted = run_one(sample_weight, {**GUEST, "w": [0.0] * 17 + [1.0, 0.5, 2.5]}, weight_column="w")
    run = run_all(federated_sample, TWO, {"guest": weighted.output("data"), "host": HOST}, mode="exact_by_weight")
    assert run["host"].read_table("data") == {"id": ["0", "1", "2", "3", "4"], "x": [17, 18, 19, 19, 19]}
    assert run["guest"].read_table("data") == {"id": ["0", "1", "2", "3", "4"], "y": [1] * 5, "g": [17, 18, 19, 19, 19]}
    assert "weight" not in read_marks(run["guest"])
    # The host's own parameters count for nothing, not for the new ids either.
    inputs = {"guest": {"data": weighted.output("data")}, "host": {"data": HOST}}
    mixed = simulate(
        federated_sample,
        TWO,
        params=lambda member: {"mode": "exact_by_weight" if member.role == "guest" else "random"},
        inputs=inputs,
    )
    assert mixed["host"].read_table("data")["id"] == mixed["guest"].read_table("data")["id"]


@pytest.mark.parametrize("largest", [1e8, 1e30, 1e308])
def test_rows_are_not_repeated_until_the_memory_is_full(largest):
    weighted = run_one(sample_weight, {**GUEST, "w": [1.0] * 18 + [largest] * 2}, weight_column="w")
    text = refuse_all(federated_sample, TWO, {"guest": weighted.output("data"), "host": HOST}, mode="exact_by_weight")
    assert "rows would be drawn at party 9999, and at most 10000000 may be where rows come again" in text
    assert "correct column 'w'" in text


def test_rates_that_multiply_a_large_table_without_end_are_refused():
    rows = list(range(10_001))
    table = {"id": rows, "y": [row % 2 for row in rows]}
    for params in ({"fraction": 1000}, {"mode": "stratified", "fractions": {"0": 1000, "1": 1000}}):
        text = refuse_all(federated_sample, TWO, {"guest": table, "host": table}, method="upsample", **params)
        assert text.startswith("1e+07 rows would be drawn at party 9999")
        assert "lower " in text


def test_messages_hold_places_and_neither_ids_nor_labels():
    run = run_all(federated_sample, TWO, TABLES, fraction=0.5)
    assert "患者" not in str([message.value for message in run.messages])
    (told,) = [message.value for message in run.messages if message.name == "rows"]
    assert set(told) == {"rows", "new_ids"}
    assert len(told["rows"]) == 10


def test_parties_that_are_not_aligned_draw_by_themselves():
    tables = {"guest": GUEST, "host": {"id": ["q", "r"], "x": [1, 2]}}
    run = run_all(federated_sample, TWO, tables, aligned=False, fraction=0.5)
    assert not run.messages
    assert (len(run["guest"].read_table("data")["id"]), len(run["host"].read_table("data")["id"])) == (10, 1)


@pytest.mark.parametrize(
    ("tables", "params", "texts"),
    [
        (TABLES, {"fraction": 1.5}, ["the rate is 1.5 at party 9999", "`method: upsample`"]),
        (TABLES, {"mode": "stratified", "fractions": {"0": 1}}, ["no rate for '1'", "label column 'y' of party 9999"]),
        (TABLES, {"mode": "stratified", "fractions": {"0": 2, "1": 1}}, ["the rate is 2 at party 9999"]),
        (TABLES, {"mode": "exact_by_weight"}, ["samples of party 9999 have no weights", "sample_weight"]),
        ({**TABLES, "guest": HOST}, {"mode": "stratified"}, ["the label column of party 9999 is missing"]),
        ({**TABLES, "host": {"id": IDS[::-1]}}, {}, ["other samples at party 10000", "intersection"]),
        ({**TABLES, "host": make_empty("x")}, {}, ["table of party 10000 has no rows"]),
        (TABLES, {"fraction": 0}, ["fraction must be greater than 0"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(tables, params, texts):
    text = refuse_all(federated_sample, TWO, tables, **params)
    assert all(each in text for each in texts), text
