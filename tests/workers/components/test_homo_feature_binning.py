import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from workers.components.bins import find_quantiles, place_values
from workers.components.homo_feature_binning import homo_feature_binning, interpolate

PARTIES = {"guest": ["9999"], "host": ["10000", "10001"]}
OWNERS = ("guest.0", "host.0", "host.1")


def make_inputs(rows=(50, 30, 41), seed=0):
    """Columns of very different size at each party, with gaps in the second one."""
    inputs = {}
    for owner, count in zip(OWNERS, rows, strict=True):
        chance = np.random.default_rng([seed, count])
        second = (chance.normal(size=count) * 1e6).tolist()
        second[::5] = [None] * len(second[::5])
        inputs[owner] = {
            "data": {
                "id": [f"{owner}-患者-{row}" for row in range(count)],
                "y": chance.integers(0, 2, count).tolist(),
                "a": chance.normal(size=count).tolist(),
                "b": second,
                "c": chance.integers(0, 3, count).astype(float).tolist(),
            }
        }
    return inputs


def run(inputs, parties=PARTIES, **params):
    return simulate(homo_feature_binning, parties, params={"bins": 5, **params}, inputs=inputs)


def pool(inputs, name):
    return np.array([value for ports in inputs.values() for value in ports["data"][name]], dtype=float)


def read_points(found, member="guest.0"):
    return {each["name"]: each["points"] for each in json.loads(found[member].output("model").read_text())["columns"]}


@pytest.mark.parametrize("parties", [PARTIES, {**PARTIES, "arbiter": ["1"]}], ids=["guest adds", "arbiter adds"])
def test_recursive_query_finds_the_quantiles_of_all_rows_together(parties):
    inputs = make_inputs()
    found = run(inputs, parties, method="recursive_query")
    for owner in OWNERS:
        assert read_points(found, owner) == {name: find_quantiles(pool(inputs, name), 5) for name in "abc"}
        assert found[owner].progress[-1] == 1.0
    if "arbiter" in parties:
        assert not found["arbiter"].outputs


def test_virtual_summary_interpolates_counts_of_all_rows_together():
    inputs = make_inputs()
    found = read_points(run(inputs, sample_points=40))
    for name in "abc":
        values = pool(inputs, name)
        known = values[~np.isnan(values)]
        points = np.linspace(known.min(), known.max(), 40)
        counts = np.array([(known <= point).sum() for point in points])
        wanted = interpolate(points, counts, [place * len(known) // 5 for place in range(1, 6)])
        assert found[name] == pytest.approx(wanted)
    # And that is near the true quantiles where points are dense enough.
    dense = read_points(run(inputs, sample_points=20_000))["a"]
    assert np.allclose(dense, find_quantiles(pool(inputs, "a"), 5), atol=0.2)


def test_interpolation_follows_the_line_between_points():
    points, counts = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1, 3, 3, 9])
    assert interpolate(points, counts, [0, 1, 2, 3, 6, 9]) == [0.0, 0.5, 1.0, 2.5, 3.0]
    assert interpolate(np.array([0.0, 2.0, 4.0]), np.array([2, 6, 8]), [1, 4, 7]) == [0.0, 1.0, 3.0]


def test_a_column_with_a_long_tail_has_rows_in_its_lower_bins():
    inputs = make_inputs((200, 150, 250))
    for ports in inputs.values():
        ports["data"]["a"] = np.exp(2 * np.array(ports["data"]["a"])).tolist()
    found = run(inputs, bins=10, sample_points=1000, transform="bins")
    points = read_points(found)["a"]
    assert points[0] >= pool(inputs, "a").min()
    places = np.concatenate([found[owner].read_table("data")["a"] for owner in OWNERS])
    # A tenth of the rows in each bin, but for those between the first two points.
    assert np.bincount(places, minlength=10).min() > 600 / 10 / 2


def test_values_are_replaced_and_a_model_does_the_same_again():
    inputs = make_inputs()
    found = run(inputs, transform="bins", category_columns=["c"])
    points = read_points(found)
    assert set(points) == {"a", "b"}
    for owner, ports in inputs.items():
        table = found[owner].read_table("data")
        assert table["b"] == place_values(np.array(ports["data"]["b"], dtype=float), points["b"]).tolist()
        assert table["c"] == ports["data"]["c"]
    again = run({o: {**ports, "model": found[o].output("model")} for o, ports in inputs.items()})
    assert not again.messages
    assert again["host.1"].read_table("data") == found["host.1"].read_table("data")


def test_a_party_that_is_left_out_everywhere_passes_its_table_on():
    inputs = make_inputs()
    found = run(inputs, run=False)
    assert found["host.0"].read_table("data") == inputs["host.0"]["data"]
    assert read_points(found) == {}


def test_no_message_holds_a_value_a_row_or_a_count_of_one_party():
    inputs = make_inputs()
    found = run(inputs, {**PARTIES, "arbiter": ["1"]}, method="recursive_query")
    assert {m.name for m in found.messages} == {"profile", "agreement", "mask_key", "part", "sum"}
    parts = [m for m in found.messages if m.name == "part"]
    assert {m.receiver.role for m in parts} == {"arbiter"}
    for message in parts:
        words = np.asarray(message.value)
        # A count is a small number with zeros in its other words; masks leave nothing of that.
        assert (words != 0).all()
    texts = [json.dumps(m.value, ensure_ascii=False) for m in found.messages if m.name in ("profile", "agreement")]
    raw = b"".join(np.asarray(m.value).tobytes() for m in found.messages if m.name in ("part", "sum"))
    for ports in inputs.values():
        assert not any(name in text for name in ports["data"]["id"] for text in texts)
        for name in "ab":
            assert not any(np.float64(value).tobytes() in raw for value in ports["data"][name] if value is not None)


# --- odd and wrong input ------------------------------------------------------------------------------


def expect_invalid(text, inputs, parties=PARTIES, **params):
    with pytest.raises((InvalidInputError, PeerError), match=text):
        run(inputs, parties, **params)


def test_other_features_settings_and_roles_are_named():
    inputs = make_inputs()
    inputs["host.1"]["data"]["z"] = inputs["host.1"]["data"].pop("a")
    expect_invalid("party 10001 lacks a and has z in addition, compared with party 9999", inputs)
    with pytest.raises(InvalidInputError, match="bins is 3 at party 10001 but 4 at party 9999"):
        simulate(
            homo_feature_binning,
            PARTIES,
            params=lambda me: {"bins": 3 if me.party == "10001" else 4},
            inputs=make_inputs(),
        )
    expect_invalid("needs exactly 1 guest, at least 1 host and at most 1 arbiter", {}, {"guest": ["1"]})


def test_text_and_columns_that_are_empty_everywhere_are_named():
    inputs = make_inputs()
    for ports in inputs.values():
        ports["data"]["b"] = [float("nan")] * len(ports["data"]["a"])
    expect_invalid("column 'b' is empty at all parties: fill it, or leave it out", inputs)
    inputs = make_inputs()
    inputs["host.0"]["data"]["a"] = ["many"] * 30
    expect_invalid("column 'a' of party 10000 holds text such as 'many'", inputs)


def test_a_column_that_is_empty_at_one_party_is_binned_with_the_others_values():
    inputs = make_inputs()
    inputs["host.0"]["data"]["b"] = [float("nan")] * 30
    found = run(inputs, method="recursive_query")
    assert read_points(found)["b"] == find_quantiles(pool(inputs, "b"), 5)


@pytest.mark.parametrize("points", [2, 1000])
def test_the_largest_numbers_of_both_signs_are_binned(points):
    inputs = make_inputs()
    inputs["host.0"]["data"]["b"][:2] = [-1.7e308, 1.7e308]
    ends = read_points(run(inputs, method="virtual_summary", sample_points=points))["b"]
    assert np.isfinite(ends).all()
    assert (ends == sorted(ends), ends[-1]) == (True, 1.7e308)


@given(
    rows=st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
    size=st.sampled_from([0.0, 1e-300, 1.0, 1e300]),
    bins=st.integers(1, 8),
    method=st.sampled_from(["recursive_query", "virtual_summary"]),
)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_few_rows_and_constant_columns_are_binned(rows, size, bins, method):
    inputs = {
        owner: {"data": {"id": ["同じ"] * count, "x": [size * (row - place) for row in range(count)]}}
        for place, (owner, count) in enumerate(zip(OWNERS, rows, strict=True))
    }
    points = read_points(run(inputs, bins=bins, method=method))["x"]
    assert points == sorted(set(points))
    assert points[-1] == pool(inputs, "x").max()
    if method == "recursive_query":
        assert points == find_quantiles(pool(inputs, "x"), bins)
