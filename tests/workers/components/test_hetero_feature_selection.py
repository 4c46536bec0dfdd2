import json

import pytest

from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, THREE, TWO, make_inputs
from workers.components.data_statistics import data_statistics
from workers.components.hetero_feature_binning import hetero_feature_binning
from workers.components.hetero_feature_selection import hetero_feature_selection


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Tables of three parties, and the binning model of each."""
    inputs = {owner: {"data": ports["train"]} for owner, ports in make_inputs((3, 3, 2), rows=80).items()}
    folder = tmp_path_factory.mktemp("binned")
    binned = simulate(hetero_feature_binning, THREE, params={**FAST, "bins": 4}, inputs=inputs, workdir=folder)
    for owner, ports in inputs.items():
        ports["source"] = binned[owner].output("model")
    return inputs


def read_iv(made):
    """Information value of every column, by owner and name."""
    guest = json.loads(made["guest.0"]["source"].read_text())
    found = {("guest.0", each["name"]): each["results"][0]["total_iv"] for each in guest["columns"]}
    for owner, host in guest["hosts"].items():
        names = [each["name"] for each in json.loads(made[owner]["source"].read_text())["columns"]]
        for name, each in zip(names, host["columns"], strict=True):
            found[owner, name] = each["results"][0]["total_iv"]
    return found


def run(inputs, filters, parties=THREE, **params):
    given = filters if callable(filters) else lambda _me: {"filters": filters, **params}
    return simulate(hetero_feature_selection, parties, params=given, inputs=inputs)


def list_kept(found):
    return {(owner, name) for owner in found for name in found[owner].summary["kept"]}


def with_best_of_each(kept, values):
    """FATE leaves every party at least its best column."""
    for owner in {owner for owner, _ in values}:
        if not any(each[0] == owner for each in kept):
            kept.add(max((each for each in values if each[0] == owner), key=values.__getitem__))
    return kept


@pytest.mark.parametrize("count", [1, 3, 5, 8, 20])
def test_the_top_columns_by_information_value_are_chosen_among_all_parties(made, count):
    values = read_iv(made)
    wanted = with_best_of_each(set(sorted(values, key=values.__getitem__)[-count:]), values)
    assert list_kept(run(made, [{"kind": "iv", "how": "top_k", "threshold": count}])) == wanted
    share = {"kind": "iv", "how": "top_share", "threshold": min(1, count / 8)}
    assert list_kept(run(made, [share])) == wanted


def test_thresholds_may_differ_between_hosts(made):
    values = read_iv(made)
    limit = sorted(values.values())[4]
    wanted = with_best_of_each({each for each, value in values.items() if value >= limit}, values)
    assert list_kept(run(made, [{"kind": "iv", "threshold": limit}])) == wanted
    found = list_kept(run(made, [{"kind": "iv", "threshold": 0, "host_thresholds": [1e9, 0]}]))
    assert sum(owner == "host.0" for owner, _ in found) == 1
    assert sum(owner != "host.0" for owner, _ in found) == 5


def test_a_filter_that_is_not_federated_leaves_the_hosts_alone(made):
    found = run(made, [{"kind": "iv", "how": "top_k", "threshold": 1, "federated": False}])
    assert [len(found[owner].summary["kept"]) for owner in made] == [1, 3, 2]
    assert {m.name for m in found.messages} == {"profile", "agreement"}


def test_filters_follow_each_other_and_rows_and_labels_stay(made):
    rules = [
        {"kind": "manual", "drop": ["x0"], "drop_positions": [1]},
        {"kind": "iv", "how": "top_share", "threshold": 0.5},
    ]
    values = {each: value for each, value in read_iv(made).items() if each[1] not in ("x0", "x1", "x4", "x7")}
    wanted = with_best_of_each(set(sorted(values, key=values.__getitem__)[-2:]), values)
    found = run(made, rules)
    assert list_kept(found) == wanted
    table = found["guest"].read_table("data")
    data = made["guest.0"]["data"]
    assert table == {name: data[name] for name in ["id", "y", *found["guest"].summary["kept"]]}
    model = json.loads(found["guest"].output("model").read_text())
    assert [each["filter"]["kind"] for each in model["filters"]] == ["manual", "iv"]
    assert model["filters"][1]["figures"].keys() == {"x2"}


def test_what_filters_have_left_out_comes_back_by_name_unless_it_was_not_to_be_judged(made):
    rules = [{"kind": "iv", "threshold": 1e9}, {"kind": "manual", "restore": ["x0", "x1", "x3"]}]
    best = list_kept(run(made, rules[:1]))
    assert list_kept(run(made, rules)) == best | {("guest.0", "x0"), ("guest.0", "x1"), ("host.0", "x3")}
    rules.append({"kind": "unique", "threshold": 1e9})
    found = run(made, rules, columns=["x1", "x4", "x6"], unknown_columns="ignore")
    assert {("guest.0", "x0"), ("guest.0", "x1"), ("host.0", "x4")} <= list_kept(found)
    model = json.loads(found["guest"].output("model").read_text())
    assert model["filters"][2]["figures"].keys() == {"x1"}


def test_a_model_makes_the_same_choice_without_messages(made):
    found = run(made, [{"kind": "iv", "how": "top_k", "threshold": 2}])
    later = {owner: {"data": ports["data"], "model": found[owner].output("model")} for owner, ports in made.items()}
    again = run(later, [])
    assert list_kept(again) == list_kept(found)
    assert not again.messages
    later["host.0"]["data"] = {"id": made["host.0"]["data"]["id"]}
    with pytest.raises(InvalidInputError, match="party 10000 has no feature 'x.', which the model keeps"):
        run(later, [])


def test_columns_that_are_not_named_always_stay(made):
    found = run(made, [{"kind": "iv", "threshold": 1e9}], columns=["x1", "x2", "x4", "x6"], unknown_columns="ignore")
    kept = list_kept(found)
    assert {("guest.0", "x0"), ("host.0", "x3"), ("host.0", "x5"), ("host.1", "x7")} <= kept
    assert len(kept) == 5 + 1 + 1  # and of the named ones the best of each party


def test_statistics_of_a_model_decide(made):
    figures = simulate(
        data_statistics,
        THREE,
        params={"statistics": ["summary", "95%"]},
        inputs={o: {"data": p["data"]} for o, p in made.items()},
    )
    inputs = {
        owner: {"data": ports["data"], "source_2": figures[owner].output("model")} for owner, ports in made.items()
    }
    kept = list_kept(run(inputs, [{"kind": "statistic", "metric": "mean", "how": "top_k", "threshold": 1}]))
    means = {
        owner: max((n for n in ports["data"] if n[0] == "x"), key=lambda n, p=ports: sum(p["data"][n]))
        for owner, ports in made.items()
    }
    assert kept == set(means.items())
    with pytest.raises(InvalidInputError, match="have no 'count' of column 'x.', only 95%, coefficient_of_variance"):
        run(inputs, [{"kind": "statistic", "metric": "count"}])


def test_what_travels_are_places_and_nothing_else(made):
    found = run(made, [{"kind": "iv", "how": "top_k", "threshold": 3}])
    assert {m.name for m in found.messages} == {"profile", "agreement", "candidates", "kept"}
    for message in found.messages:
        if message.name in ("candidates", "kept"):
            assert set(message.value) <= {0, 1, 2}
        text = json.dumps(message.value)
        assert not any(f'"{name}"' in text for name in ("x0", "x3", "x6"))
        assert not any(repr(value) in text for value in read_iv(made).values())


# --- odd and wrong input ------------------------------------------------------------------------------


def expect_invalid(text, *args, **how):
    with pytest.raises((InvalidInputError, PeerError), match=text):
        run(*args, **how)


def test_a_model_that_is_missing_or_of_another_kind_is_named(made):
    bare = {owner: {"data": ports["data"]} for owner, ports in made.items()}
    expect_invalid(
        "filter 'iv' of step .* needs a binning model at party .* hetero_feature_binning", bare, [{"kind": "iv"}]
    )
    expect_invalid("filter 'vif' of step .* needs a correlation model", bare, [{"kind": "vif"}])
    expect_invalid("filter 'statistic' of step .* needs a statistics model", bare, [{"kind": "statistic"}])
    twice = {owner: {**ports, "source_1": ports["source"]} for owner, ports in made.items()}
    expect_invalid("party .* has two binning models as inputs", twice, [])
    chosen = run(made, [])
    wrong = {owner: {**ports, "source_1": chosen[owner].output("model")} for owner, ports in made.items()}
    expect_invalid("input 'source_1' of party .* is a model of the format 'fedrota.feature_selection/1'", wrong, [])


def test_a_model_without_information_values_is_named(made):
    inputs = {owner: {"data": ports["data"]} for owner, ports in made.items()}
    binned = simulate(hetero_feature_binning, THREE, params={**FAST, "statistics": False}, inputs=inputs)
    for owner, ports in inputs.items():
        ports["source"] = binned[owner].output("model")
    expect_invalid("party (9999|10000) (has no information values|names columns)", inputs, [{"kind": "iv"}])


def test_other_filters_at_another_party_are_named(made):
    expect_invalid(
        "filters is .* at party 10000 but .* at party 9999: give all parties the same",
        made,
        lambda me: {"filters": [{"kind": "unique" if me.party == "10000" else "iv"}]},
    )


def test_a_filter_needs_a_kind_that_exists(made):
    expect_invalid(r"filters.0.kind must be one of", made, [{"kind": "nose"}])
    expect_invalid(r"filters.0.kind is missing", made, [{"threshold": 1}])


def test_a_party_without_features_and_a_step_without_filters_change_nothing():
    inputs = {owner: {"data": ports["train"]} for owner, ports in make_inputs((0, 2)).items()}
    found = run(inputs, [], parties=TWO)
    assert found["guest"].summary["kept"] == []
    assert found["host"].read_table("data") == inputs["host.0"]["data"]
    left_out = run(inputs, [{"kind": "unique", "threshold": 1e9}], parties=TWO, run=False)
    assert left_out["host"].read_table("data") == inputs["host.0"]["data"]
