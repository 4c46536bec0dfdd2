import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workers.components.tabular import TRIO, TWO, make_empty, refuse_all, run_all
from workers.components.hetero_data_split import hetero_data_split

IDS = [f"患者-{n}" for n in range(10)]
GUEST = {"id": IDS, "y": [0, 1] * 5}
HOST = {"id": IDS, "x": [float(n) for n in range(10)]}
PORTS = ("train_data", "validate_data", "test_data")


@given(st.lists(st.integers(0, 1), min_size=1, max_size=20), st.booleans(), st.booleans(), st.integers(0, 5))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_parties_have_the_same_rows_in_each_table(labels, stratified, shuffle, seed):
    ids = [f"ß{n}" for n in range(len(labels))]
    tables = {"guest": {"id": ids, "y": labels}, "host": {"id": ids, "x": labels}}
    params = {"stratified": stratified, "shuffle": shuffle, "seed": seed, "validate_size": 0.1, "test_size": -1}
    run = run_all(hetero_data_split, TRIO, tables, **params)
    guest, host = ([run[address].read_table(port) for port in PORTS] for address in ("guest", "host"))
    assert [part["id"] for part in guest] == [part["id"] for part in host]
    assert sorted(name for part in guest for name in part["id"]) == sorted(ids)
    assert [part["y"] for part in guest] == [part["x"] for part in host]


def test_messages_hold_places_and_neither_ids_nor_labels():
    run = run_all(
        hetero_data_split, {"guest": ["9999"], "host": ["1", "2"]}, {"guest": GUEST, "host.0": HOST, "host.1": HOST}
    )
    assert "患者" not in str([message.value for message in run.messages])
    rows = [message.value for message in run.messages if message.name == "rows"]
    assert len(rows) == 2
    assert set(rows[0]) == {"train", "validate", "test"}
    assert sorted(place for part in rows[0].values() for place in part) == list(range(10))
    assert "train_labels" not in run["host.0"].summary


@pytest.mark.parametrize(
    ("guest", "host", "text"),
    [
        (
            GUEST,
            {"id": IDS[::-1], "x": HOST["x"]},
            "input 'data' holds other samples at party 10000 (10 rows) than at party 9999",
        ),
        (GUEST, {"id": IDS[:3], "x": [1, 2, 3]}, "put an intersection step before"),
        (make_empty("x"), HOST, "the table of party 9999 has no rows"),
        ({"id": IDS}, HOST, "the label column of party 9999 is missing"),
    ],
)
def test_what_cannot_work_is_named(guest, host, text):
    assert text in refuse_all(hetero_data_split, TWO, {"guest": guest, "host": host}, stratified=True)


def test_a_host_is_needed():
    assert "at least 1 host" in refuse_all(hetero_data_split, {"guest": ["1"]}, {"guest": GUEST})
