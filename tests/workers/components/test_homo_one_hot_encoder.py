import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.simulate import simulate
from tests.workers.components.tabular import TRIO, TWO, refuse_all, run_all
from workers.components.homo_one_hot_encoder import homo_one_hot_encoder

GUEST = {"id": ["a", "b"], "y": [0, 1], "farbe": ["rot", "rot"], "n": [1, 2]}
HOST = {"id": ["a", "geheim-7"], "y": [1, 1], "farbe": ["blau", "rot"], "n": [3, 1]}
TABLES = {"guest": GUEST, "host": HOST}
values = st.lists(st.sampled_from(["p", "q", "ß", "患"]), min_size=1, max_size=6)


@given(values, values)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.parametrize("members", [TWO, TRIO], ids=["two", "arbiter"])
def test_all_parties_get_the_columns_of_all_values(members, mine, theirs):
    tables = {
        address: {"id": [str(place) for place in range(len(cells))], "t": cells}
        for address, cells in (("guest", mine), ("host", theirs))
    }
    run = run_all(homo_one_hot_encoder, members, tables)
    for address, cells in (("guest", mine), ("host", theirs)):
        found = run[address].read_table("data")
        assert list(found) == ["id", *(f"t_{value}" for value in sorted({*mine, *theirs}))]
        for value in {*mine, *theirs}:
            assert found[f"t_{value}"] == [int(cell == value) for cell in cells]


def test_messages_hold_values_that_occur_and_no_rows():
    run = run_all(homo_one_hot_encoder, TRIO, TABLES)
    assert len(run.messages) == 4
    assert "geheim-7" not in str([message.value for message in run.messages])
    (host,) = [each.value for each in run.messages if each.name == "categories" and each.sender.role == "host"]
    assert host == {"farbe": ["blau", "rot"], "n": [1, 3]}


def test_without_alignment_each_party_has_its_own():
    run = run_all(homo_one_hot_encoder, TRIO, TABLES, align=False)
    assert not run.messages
    assert "farbe_blau" not in run["guest"].read_table("data")
    assert "farbe_blau" in run["host"].read_table("data")


@pytest.mark.parametrize("members", [TWO, TRIO], ids=["two", "arbiter"])
def test_a_model_gives_later_tables_the_same_columns(members):
    learned = run_all(homo_one_hot_encoder, members, TABLES)
    inputs = {address: {"data": GUEST, "model": learned[address].output("model")} for address in ("guest", "host")}
    later = simulate(homo_one_hot_encoder, members, inputs=inputs)
    for address in ("guest", "host"):
        assert later[address].read_table("data")["farbe_blau"] == [0, 0]


@pytest.mark.parametrize("left_out", ["guest", "host"])
def test_a_party_left_out_counts_for_nobody_and_stops_nobody(left_out):
    inputs = {address: {"data": table} for address, table in TABLES.items()}
    run = simulate(homo_one_hot_encoder, TWO, params=lambda member: {"run": member.role != left_out}, inputs=inputs)
    assert run[left_out].read_table("data") == TABLES[left_out]
    other = "host" if left_out == "guest" else "guest"
    assert [message.value for message in run.messages if message.name == "all_categories" or message.value is None] == (
        [None] if left_out == "host" else [{"problem": "", "categories": {"farbe": ["blau", "rot"], "n": [1, 3]}}]
    )
    own = sorted(set(TABLES[other]["farbe"]))
    assert [name for name in run[other].read_table("data") if name.startswith("farbe")] == [f"farbe_{v}" for v in own]


@pytest.mark.parametrize(
    ("host", "text"),
    [
        (
            {"id": ["a"], "farbe": ["rot"]},
            "party 10000 encodes farbe, party 9999 encodes farbe, n: give all parties the same",
        ),
        (
            {"id": ["a"], "farbe": ["rot"], "n": ["1"]},
            "column 'n' holds texts at party 10000 and numbers at party 9999",
        ),
        (
            {"id": range(1024), "farbe": [str(n) for n in range(1024)], "n": [1] * 1024},
            "column 'farbe' has more than 1024",
        ),
    ],
)
def test_what_does_not_fit_is_told_to_all(host, text):
    assert text in refuse_all(homo_one_hot_encoder, TWO, {"guest": GUEST, "host": host})


def test_two_guests_need_an_arbiter():
    tables = {"guest.0": GUEST, "guest.1": HOST}
    text = refuse_all(homo_one_hot_encoder, {"guest": ["1", "2"]}, tables)
    assert "needs exactly 1 arbiter or 1 guest" in text
