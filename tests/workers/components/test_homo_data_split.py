from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workers.components.tabular import TWO, make_empty, read_marks, refuse_one, run_all, run_one
from workers.components.homo_data_split import homo_data_split

TABLE = {"id": [f"ß{n}" for n in range(20)], "y": [0] * 15 + [1] * 5, "x": list(range(20))}
PORTS = ("train_data", "validate_data", "test_data")


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30), st.integers(0, 10), st.booleans())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_the_tables_together_are_the_table(labels, seed, stratified):
    table = {"id": ["same"] * len(labels), "y": labels, "x": list(range(len(labels)))}
    result = run_one(
        homo_data_split, table, seed=seed, stratified=stratified, train_size=0.6, validate_size=0.3, test_size=-1
    )
    parts = [result.read_table(port) for port in PORTS]
    rows = [(label, x) for part in parts for label, x in zip(part["y"], part["x"], strict=True)]
    assert sorted(rows, key=lambda row: row[1]) == list(zip(labels, table["x"], strict=True))
    assert len(parts[0]["id"]) == round(0.6 * len(labels))


def test_labels_keep_their_shares_where_asked_for():
    result = run_one(homo_data_split, TABLE, stratified=True)
    assert Counter(result.read_table("train_data")["y"]) == {0: 12, 1: 4}
    assert result.summary["validate_labels"] == {"0": 3, "1": 1}
    assert (result.summary["train"], result.summary["validate"], result.summary["test"]) == (16, 4, 0)
    assert read_marks(result, "test_data") == {"id": "id", "label": "y"}


def test_real_labels_are_parted_at_points():
    table = {**TABLE, "y": [n / 20 for n in range(20)]}
    result = run_one(homo_data_split, table, stratified=True, split_points=[0.45], train_size=0.5)
    assert sum(label <= 0.45 for label in result.read_table("train_data")["y"]) == 5


def test_the_same_seed_splits_alike_and_another_differently():
    trains = [run_one(homo_data_split, TABLE, seed=seed).read_table("train_data")["x"] for seed in (1, 1, 2)]
    assert trains[0] == trains[1] != trains[2]
    assert run_one(homo_data_split, TABLE, shuffle=False).read_table("train_data")["x"] == list(range(16))


def test_parties_split_by_themselves():
    run = run_all(homo_data_split, TWO, {"guest": TABLE, "host": {"id": ["a"], "y": [1]}})
    assert not run.messages
    assert run["host"].read_table("train_data") == {"id": ["a"], "y": [1]}


@pytest.mark.parametrize(
    ("table", "params", "text"),
    [
        (make_empty("x"), {}, "party 9999 has no rows"),
        (
            {"id": ["a"]},
            {"stratified": True},
            "the label column of party 9999 is missing, but a stratified split needs labels",
        ),
        ({"id": ["a"], "y": ["p"]}, {"stratified": True, "split_points": [1]}, "column 'y' of party 9999 holds texts"),
        (TABLE, {"train_size": -2}, "train_size must be at least -1"),
    ],
)
def test_what_cannot_work_is_named(table, params, text):
    assert text in refuse_one(homo_data_split, table, **params)
