import gmpy2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.components.blinding import Blinder, find_point, split_points

FIELD = 2**255 - 19


@given(st.text())
def test_every_id_has_one_point_and_it_lies_on_the_curve(name):
    point = find_point(name)
    u = int.from_bytes(point, "little")
    assert point == find_point(name)
    assert gmpy2.legendre(u**3 + 486662 * u**2 + u, FIELD) == 1


def test_two_secrets_meet_in_either_order_and_only_for_equal_ids():
    ids = ["a", "b", "ß", "同じ", ""]
    one, other = Blinder(), Blinder()
    first = other.blind_points(b"".join(one.blind_ids(ids)))
    second = one.blind_points(b"".join(other.blind_ids(ids)))
    assert first == second
    assert len(set(first)) == len(ids)


def test_blinded_points_show_neither_the_point_nor_the_id():
    one, other = Blinder(), Blinder()
    points = one.blind_ids(["a"]) + other.blind_ids(["a"])
    assert len({*points, find_point("a")}) == 3


def test_more_ids_than_one_process_takes_keep_their_order():
    ids = [str(number) for number in range(5000)]
    blinder, told = Blinder(), []
    points = blinder.blind_ids(ids, report=told.append)
    assert points[4321] == blinder.blind_ids(["4321"])[0]
    assert split_points(b"".join(points)) == points
    assert told[-1] == 1.0


def test_what_is_no_point_is_refused():
    with pytest.raises(ValueError, match="33 bytes are no whole number of points"):
        Blinder().blind_points(bytes(33))
    with pytest.raises(ValueError, match="[Ee]rror computing shared key"):
        Blinder().blind_points(bytes(32))
