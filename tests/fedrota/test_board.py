import threading
import time

import numpy as np
import pytest

from fedrota.board import Board, MemoryExchange, list_peers
from fedrota.component import InvalidInputError, Member, PeerError

GUEST, FIRST, SECOND = Member("guest", "9", 0), Member("host", "10", 0), Member("host", "11", 1)
EVERYONE = [GUEST, FIRST, SECOND]


@pytest.fixture
def board():
    return Board(EVERYONE)


@pytest.fixture
def ends(board):
    return {member: MemoryExchange(board, member, EVERYONE) for member in EVERYONE}


@pytest.mark.parametrize("value", [b"ab", {"a": [1, None, "x"]}, 3.5, None, "text", []])
def test_bytes_and_json_values_arrive_as_sent(ends, value):
    ends[GUEST].send("host.1", "x", value)
    assert ends[SECOND].recv("guest", "x") == value


def test_an_array_arrives_as_a_copy(ends):
    sent = np.arange(6, dtype=np.uint64).reshape(2, 3)
    ends[GUEST].send("host.0", "x", sent)
    sent[:] = 0
    got = ends[FIRST].recv("guest", "x")
    assert got.dtype == np.uint64
    assert got.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_numpy_figures_inside_json_arrive_as_plain_ones(ends):
    ends[GUEST].send("host.0", "x", {"a": np.int64(3), "b": np.array([1.5])})
    assert ends[FIRST].recv("guest", "x") == {"a": 3, "b": [1.5]}


@pytest.mark.parametrize("value", [object(), {"a": {1}}, np.array([object()])])
def test_what_cannot_travel_is_refused(ends, value):
    with pytest.raises(TypeError, match="JSON value|Python objects"):
        ends[GUEST].send("host.0", "x", value)


def test_rounds_keep_messages_of_one_name_apart_in_any_order(ends):
    for number in (2, 1):
        ends[GUEST].send("host.0", "x", number, round=number)
    assert [ends[FIRST].recv("guest", "x", round=number) for number in (1, 2)] == [1, 2]


def test_the_same_name_and_round_twice_is_an_error(ends):
    ends[GUEST].send("host.0", "x", 1)
    with pytest.raises(ValueError, match="was sent to host.0 before"):
        ends[GUEST].send("host.0", "x", 2)


def test_broadcast_and_gather_reach_a_role_or_all(ends):
    ends[GUEST].broadcast("host", "x", 5)
    assert ends[FIRST].recv("guest", "x") == ends[SECOND].recv("guest", "x") == 5
    for host in (FIRST, SECOND):
        ends[host].send("guest", "y", host.party)
    assert ends[GUEST].gather(None, "y") == {FIRST: "10", SECOND: "11"}


def test_a_role_without_peers_is_an_error(ends):
    with pytest.raises(InvalidInputError, match="no peer in role 'arbiter'"):
        ends[GUEST].broadcast("arbiter", "x", 1)


def test_a_member_is_not_its_own_peer(ends):
    with pytest.raises(InvalidInputError, match="with itself"):
        ends[GUEST].send("guest", "x", 1)
    assert list_peers(EVERYONE, FIRST, "host") == [SECOND]


def test_recv_waits_for_a_message_that_comes_later(ends):
    threading.Timer(0.05, lambda: ends[GUEST].send("host.0", "x", 1)).start()
    assert ends[FIRST].recv("guest", "x") == 1


def test_recv_fails_at_once_when_the_sender_has_ended(board, ends):
    board.end(GUEST, RuntimeError("out of luck"))
    with pytest.raises(PeerError, match="guest.0 failed: out of luck"):
        ends[FIRST].recv("guest", "x")


def test_what_was_sent_before_the_end_still_arrives(board, ends):
    ends[GUEST].send("host.0", "x", 1)
    board.end(GUEST, None)
    assert ends[FIRST].recv("guest", "x") == 1
    with pytest.raises(PeerError, match="ended without sending it"):
        ends[FIRST].recv("guest", "y")


def test_recv_gives_up_after_its_timeout(ends):
    start = time.monotonic()
    with pytest.raises(PeerError, match="did not come in time"):
        ends[FIRST].recv("guest", "x", timeout_s=0.05)
    assert time.monotonic() - start < 20


def test_members_that_all_wait_for_each_other_fail_instead_of_hanging(board, ends):
    failures = []

    def wait(member, source):
        try:
            ends[member].recv(source, "x")
        except PeerError as error:
            failures.append(str(error))
            board.end(member, error)

    threads = [
        threading.Thread(target=wait, args=pair) for pair in ((GUEST, "host.0"), (FIRST, "host.1"), (SECOND, "guest"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(failures) == 3
    assert any("every member waits" in text for text in failures)
