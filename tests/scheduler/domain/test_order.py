from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.order import sort_by_needs

GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefghx"), max_size=4, unique=True), max_size=8
)


def test_each_comes_after_what_it_needs_and_otherwise_as_given():
    assert sort_by_needs({"d": ["b"], "c": [], "b": ["a"], "a": ["no such"]}) == ["c", "a", "b", "d"]
    assert sort_by_needs({"b": [], "a": []}) == ["b", "a"]
    assert sort_by_needs({}) == []


def test_a_circle_and_what_hangs_on_it_are_left_out():
    assert sort_by_needs({"after": ["y"], "x": ["y"], "y": ["x"], "free": [], "own": ["own"]}) == ["free"]


@given(GRAPHS)
def test_nothing_is_left_out_but_circles(needs):
    ordered = sort_by_needs(needs)
    places = {name: place for place, name in enumerate(ordered)}
    for name in ordered:
        assert all(places[need] < places[name] for need in needs[name] if need in needs)
    left = needs.keys() - places.keys()
    assert all(left & set(needs[name]) for name in left)


def test_ten_thousand_in_a_chain_are_no_burden():
    chain = {f"s{number}": [f"s{number - 1}"] for number in reversed(range(10_000))}
    assert sort_by_needs(chain) == [f"s{number}" for number in range(10_000)]
