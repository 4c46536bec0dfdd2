import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from workers.components.blinding import find_point
from workers.components.intersection import intersection

TWO = {"guest": ["9999"], "host": ["10000"]}
THREE = {"guest": ["9999"], "host": ["10000", "10001"]}


def make_inputs(*lists, column="id"):
    members = ("guest.0", "host.0", "host.1")
    return {
        member: {"data": {column: list(ids), f"x{place}": [f"{place}{name}" for name in ids]}}
        for place, (member, ids) in enumerate(zip(members, lists, strict=False))
    }


def run(*lists, parties=None, **params):
    return simulate(intersection, parties or (TWO, THREE)[len(lists) - 2], params=params, inputs=make_inputs(*lists))


names = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


@given(names, names, names)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_all_parties_keep_their_own_rows_of_the_common_ids_in_the_same_order(first, second, third):
    common = set(first) & set(second) & set(third)
    if not common:
        with pytest.raises(InvalidInputError, match="no id occurs at all parties"):
            run(first, second, third)
        return
    found = run(first, second, third)
    tables = [found[member].read_table("data") for member in ("guest", "host.0", "host.1")]
    assert set(tables[0]["id"]) == common
    assert tables[0]["id"] == tables[1]["id"] == tables[2]["id"]
    assert len(tables[0]["id"]) == len(common)
    for place, table in enumerate(tables):
        assert table[f"x{place}"] == [f"{place}{name}" for name in table["id"]]


def test_numbers_as_ids_and_another_column_are_understood():
    inputs = make_inputs([3, 1, 2], ["2", "3", "9"], column="patient")
    found = simulate(intersection, TWO, params={"id_column": "patient"}, inputs=inputs)
    assert sorted(found["guest"].read_table("data")["patient"]) == ["2", "3"]
    assert found["guest"].summary == {"rows": 3, "common": 2, "rate": pytest.approx(2 / 3)}
    assert found["host"].metrics["common_ids"] == [(None, 2.0)]


def test_only_ids_leaves_out_the_columns():
    assert list(run("abc", "bcd", only_ids=True)["guest"].read_table("data")) == ["id"]


def test_only_the_number_can_be_asked_for():
    found = run("abc", "bcd", cardinality_only=True)
    assert [found[member].summary["common"] for member in found] == [2, 2]
    assert not found["guest"].outputs
    assert run("abc", "xyz", cardinality_only=True)["host"].summary["common"] == 0
    with pytest.raises(InvalidInputError, match="needs exactly 1 guest, exactly 1 host"):
        run("abc", "bcd", "cde", cardinality_only=True)


@pytest.mark.parametrize("method", ["ecdh", "dh", "rsa"])
def test_the_methods_of_other_systems_give_the_same_rows(method):
    assert sorted(run("abc", "bcd", method=method)["guest"].read_table("data")["id"]) == ["b", "c"]


def test_raw_hashes_are_refused_with_words():
    with pytest.raises(InvalidInputError, match="refuses `method: raw`: hashes of ids can be undone"):
        run("abc", "bcd", method="raw")


def test_an_arbiter_may_stand_by():
    found = run("abc", "bcd", parties={**TWO, "arbiter": ["1"]})
    assert not found["arbiter"].outputs
    assert len(found["guest"].read_table("data")["id"]) == 2


@pytest.mark.parametrize(
    ("guest", "host", "text"),
    [
        (
            ["a", "a"],
            ["a"],
            "id column 'id' of party 9999 repeats 1 ids: put a data_transform step with `duplicate_ids",
        ),
        (["a"], ["b", None], "id column 'id' of party 10000 is empty in 1 of 2 rows"),
        (["a"], ["b", ""], "id column 'id' of party 10000 is empty in 1 of 2 rows"),
        ([1.0], [1.0, float("nan")], "id column 'id' of party 10000 is empty in 1 of 2 rows"),
        (["a"], ["b"], r"no id occurs at all parties \(9999, 10000\): check that `id_column` names the same kind"),
        ([], ["b"], "the table of party 9999 has no rows"),
    ],
)
def test_tables_that_cannot_work_are_named(guest, host, text):
    with pytest.raises(InvalidInputError, match=text) as caught:
        run(guest, host)
    assert not any(repr(name) in str(caught.value) for name in ("a", "b"))


def test_a_missing_id_column_is_named_with_those_there_are():
    params = {"9999": {"id_column": "key"}, "10000": {}}
    with pytest.raises(InvalidInputError, match="party 9999 has no id column 'key'; it has id, x0: set `id_column`"):
        simulate(intersection, TWO, params=lambda me: params[me.party], inputs=make_inputs("abc", "bcd"))


def test_no_message_holds_an_id_or_a_hash_that_one_could_repeat():
    first, second = ([f"person-{number}" for number in range(start, start + 40)] for start in (0, 20))
    found = run(first, second)
    assert {m.name for m in found.messages} == {"host_points", "guest_points", "guest_points_twice", "picked"}
    raw = b"".join(m.value for m in found.messages if m.name != "picked")
    for name in {*first, *second}:
        assert name.encode() not in raw
        assert find_point(name) not in raw
    (picked,) = (m for m in found.messages if m.name == "picked")
    assert picked.receiver.role == "host"
    assert picked.value.dtype == np.int64
    assert len(picked.value) == 20
    # The places are those of a list that only the host can read: it has shuffled it.
    assert picked.value.tolist() != [second.index(name) for name in found["host"].read_table("data")["id"]]


def test_with_the_number_only_the_guest_cannot_tell_which():
    found = run([f"{n}" for n in range(50)], [f"{n}" for n in range(25, 75)], cardinality_only=True)
    (twice,) = (m.value for m in found.messages if m.name == "guest_points_twice")
    points = [twice[at : at + 32] for at in range(0, len(twice), 32)]
    assert points == sorted(points)
    assert json.dumps([m.value for m in found.messages if m.name == "count"]) == "[25]"


def test_of_many_thousands_the_common_ones_are_found_and_the_progress_only_grows():
    first, second = ([f"id{number}" for number in range(start, start + 8_000)] for start in (0, 4_000))
    found = run(first, second)
    assert found["guest"].summary["common"] == 4_000
    assert found["guest"].progress == sorted(found["guest"].progress)
