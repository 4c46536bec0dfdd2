import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, THREE, TWO, make_inputs
from workers.components.hetero_pearson import hetero_pearson


def make_tables(widths, **how):
    return {owner: {"data": ports["train"]} for owner, ports in make_inputs(widths, **how).items()}


def run(parties, inputs, **params):
    return simulate(hetero_pearson, parties, params={**FAST, **params}, inputs=inputs)


def read_model(found, member):
    return json.loads(found[member].output("model").read_text())


def list_columns(inputs, owner):
    return [np.array(column) for name, column in inputs[owner]["data"].items() if name[0] == "x"]


def correlate(inputs, left, right):
    """Pearson's correlations of two parties' columns, plainly."""
    first, second = list_columns(inputs, left), list_columns(inputs, right)
    return np.corrcoef(first + second)[: len(first), len(first) :].tolist()


@pytest.mark.parametrize(("parties", "widths"), [(TWO, (2, 3)), (THREE, (2, 1, 3))], ids=["two", "three"])
def test_correlations_are_those_of_the_pooled_columns(parties, widths):
    inputs = make_tables(widths, rows=60)
    found = run(parties, inputs)
    for owner in inputs:
        model = read_model(found, owner)
        assert np.allclose(model["correlation"], correlate(inputs, owner, owner)[: len(model["columns"])], atol=1e-9)
        others = [each for each in inputs if each != owner and "guest.0" in (each, owner)]
        assert list(model["others"]) == others
        for other in others:
            assert np.allclose(model["others"][other]["correlation"], correlate(inputs, owner, other), atol=1e-5)
            names = [f"{other.split('.')[0]}_{found[other].member.party}_{place}" for place in range(8)]
            assert model["others"][other]["columns"] == names[: len(list_columns(inputs, other))]
        assert found[owner].read_table("data") == inputs[owner]["data"]
        assert found[owner].summary["correlation"] == model["correlation"]


def test_the_variance_inflation_factor_is_the_diagonal_of_the_inverse():
    inputs = make_tables((4, 3), rows=60)
    inputs["host.0"]["data"]["x6"] = inputs["host.0"]["data"]["x5"]
    found = run(TWO, inputs)
    wanted = np.diag(np.linalg.inv(np.corrcoef(list_columns(inputs, "guest.0"))))
    assert np.allclose(read_model(found, "guest")["vif"], wanted)
    assert read_model(found, "host")["vif"][1:] == [None, None]  # each is the other
    assert read_model(run(TWO, inputs, vif=False), "guest")["vif"] is None


def test_correlations_of_very_many_columns_are_in_the_model_only(monkeypatch):
    monkeypatch.setattr("workers.components.hetero_pearson.SHOWN_COLUMNS", 2)
    found = run(TWO, make_tables((2, 3)))
    assert "correlation" in found["guest"].summary
    assert set(found["host"].summary) == {"rows", "columns"}
    assert len(read_model(found, "host")["correlation"]) == 3


def test_named_columns_only_and_no_other_party():
    inputs = make_tables((3, 2))
    found = run(TWO, inputs, columns=["x1", "x3"], unknown_columns="ignore")
    assert read_model(found, "guest")["columns"] == ["x1"]
    assert np.shape(read_model(found, "guest")["others"]["host.0"]["correlation"]) == (1, 1)
    alone = run(TWO, inputs, cross_parties=False)
    assert {m.name for m in alone.messages} == {"profile", "agreement"}
    assert read_model(alone, "host")["others"] == {}
    assert read_model(run(TWO, inputs, run=False), "host")["columns"] == []


def assert_hidden(found, inputs):
    """No message holds a value of its sender: raw, standardised, or as a whole number; no name, no id."""
    for message in found.messages:
        table = inputs[message.sender.address]["data"]
        raw = message.value if isinstance(message.value, bytes) else np.asarray(message.value).tobytes()
        if not isinstance(message.value, bytes | np.ndarray):
            text = json.dumps(message.value, ensure_ascii=False)
            assert not any(f'"{name}"' in text for name in [*table, *table["id"]] if name != "id"), message.name
        for column in list_columns(inputs, message.sender.address):
            scaled = (column - column.mean()) / column.std()
            for values in (column, scaled):
                assert not any(np.float64(value).tobytes() in raw for value in values), message.name
            for bits in (20, 40):
                assert np.rint(scaled * 2.0**bits).astype(np.int64).tobytes() not in raw, message.name


def test_no_message_holds_a_plain_value_of_another_party():
    inputs = make_tables((2, 2, 1))
    found = run(THREE, inputs)
    assert {m.name for m in found.messages} == {
        "profile", "agreement", "varies", "public_key", "cipher", "masked", "share",
    }  # fmt: skip
    assert_hidden(found, inputs)
    shares = [np.asarray(m.value, dtype=np.uint64) for m in found.messages if m.name == "share"]
    # A share by itself is a mask far larger than any sum of products.
    assert all((words[1] != 0).all() for words in shares)


def test_the_check_for_plain_values_finds_them():
    inputs = make_tables((2, 2))
    found = run(TWO, inputs)
    object.__setattr__(found.messages[-1], "value", list_columns(inputs, found.messages[-1].sender.address)[0])
    with pytest.raises(AssertionError):
        assert_hidden(found, inputs)


def expect_invalid(text, inputs, parties=TWO, **params):
    with pytest.raises((InvalidInputError, PeerError), match=text):
        run(parties, inputs, **params)


def test_missing_values_and_other_samples_are_named():
    inputs = make_tables((2, 2))
    inputs["host.0"]["data"]["x3"][5] = None
    expect_invalid("column 'x3' of party 10000 is missing in 1 of 40 rows: fill it", inputs)
    inputs["host.0"]["data"]["id"] = inputs["host.0"]["data"]["id"][::-1]
    expect_invalid("holds other samples at party 10000", inputs)
    expect_invalid("has no feature 'nose'", make_tables((1, 1)), columns=["nose"])


def test_more_columns_than_half_the_rows_are_refused():
    inputs = make_tables((3, 1), rows=5)
    expect_invalid("party 9999 has 3 columns for 5 rows: so many correlations would tell the rows", inputs)


@pytest.mark.parametrize("widths", [(0, 2), (2, 0)])
def test_a_party_without_features_takes_part(widths):
    found = run(TWO, make_tables(widths))
    assert [len(read_model(found, member)["columns"]) for member in ("guest", "host")] == list(widths)


@given(
    rows=st.integers(4, 12), constant=st.booleans(), size=st.sampled_from([1e-12, 1.0, 1e14]), seed=st.integers(0, 99)
)
@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
def test_odd_columns_are_correlated_as_plainly_or_have_none(rows, constant, size, seed):
    inputs = make_tables((1, 2), rows=rows, seed=seed)
    data = inputs["host.0"]["data"]
    data["x1"] = [7.0 if constant else value * size for value in data["x1"]]
    found = run(TWO, inputs)
    (row,) = read_model(found, "guest")["others"]["host.0"]["correlation"]
    assert (row[0] is None) == constant
    if constant:
        assert "constant, so without correlation: x1" in found["host"].log
        del data["x1"]
    plain = correlate(inputs, "guest.0", "host.0")[0]
    assert np.allclose([each for each in row if each is not None], plain, atol=1e-4)


def test_many_columns_are_inflated_at_once():
    """Column by column, two hundred took 13 seconds, and a thousand most of an hour."""
    inputs = make_tables((300, 1), rows=450)
    found = run(TWO, inputs, cross_parties=False)
    wanted = np.diag(np.linalg.inv(np.corrcoef(list_columns(inputs, "guest.0"))))
    assert np.allclose(read_model(found, "guest")["vif"], wanted)
