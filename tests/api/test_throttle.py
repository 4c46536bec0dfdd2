import pytest

from api import throttle
from api.throttle import ADDRESS_FAILURES, Throttle
from scheduler.domain.errors import BusyError


@pytest.fixture
def busy(clock):
    """A throttle at which `10.0.0.1` and `2001:db8::1` have failed as often as they may."""
    made = Throttle(clock=clock)
    for address in ("10.0.0.1", "2001:db8::1"):
        for number in range(ADDRESS_FAILURES):
            made.check(address, f"frt_{number}_x", b"%d" % number)
            made.count(address, f"frt_{number}_x", b"%d" % number)
    return made


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1", "2001:db8::ffff:1", "2001:db8::1%eth0"])
def test_neighbours_in_one_block_of_ipv6_are_one(busy, clock, address):
    with pytest.raises(BusyError, match=f"too many failed logins from {address}"):
        busy.check(address, "frt_new_x", b"new")
    clock.at += 61
    busy.check(address, "frt_new_x", b"new")


@pytest.mark.parametrize("address", ["10.0.0.2", "2001:db8:0:1::1", "", "fe80:nonsense"])
def test_others_are_not_shut_out(busy, address):
    busy.check(address, "frt_new_x", b"new")


@pytest.mark.parametrize("form", ["nonsense-{}", "other_{}_x"])
def test_what_is_no_token_shares_one_count(clock, form):
    made = Throttle(clock=clock)
    for number in range(5):
        made.count("a", form.format(number), b"%d" % number)
    with pytest.raises(BusyError, match="with this token"):
        made.check("a", "more nonsense", b"more")
    made.check("a", "frt_id_x", b"x")


def test_the_throttle_forgets_addresses_beyond_its_room(clock, monkeypatch):
    monkeypatch.setattr(throttle, "ADDRESSES", 10)
    made = Throttle(clock=clock)
    for number in range(50):
        made.count(f"10.0.0.{number}", "frt_a_b", b"x")
    assert len(made._failures) == 10


def test_what_is_kept_of_an_address_is_bounded(clock):
    made = Throttle(clock=clock)
    for number in range(1000):
        made.count("a", f"frt_{'x' * 5000}{number}_b", b"%d" % number)
    assert len(made._failures["a"]) == 2 * ADDRESS_FAILURES + 1
    assert all(len(failure.id) == 16 for failure in made._failures["a"])
