from contextlib import ExitStack

import pytest

from fedrota.bridge import turns
from fedrota.bridge.errors import BusyError
from fedrota.bridge.turns import Turns
from fedrota.bridge.uploads import MAX_UPLOADS

THREADS = 100
"""So many handle the frames that come, in nvflare's connection manager."""


def test_one_user_leaves_turns_to_others(monkeypatch):
    monkeypatch.setattr(turns, "MAX_OF_USER", 2)
    made = Turns()
    with made.take("ann"), made.take("ann"):
        with pytest.raises(BusyError, match="ann has 2 commands under way"), made.take("ann"):
            pass
        with made.take("ben"):
            pass
    with made.take("ann"):
        pass


def test_all_users_together_leave_threads_to_logins(monkeypatch):
    assert turns.MAX_COMMANDS + MAX_UPLOADS < THREADS
    made = Turns()
    with ExitStack() as under_way:
        for number in range(turns.MAX_COMMANDS):
            under_way.enter_context(made.take(f"user {number}"))
        with pytest.raises(BusyError, match="56 commands are under way here"), made.take("ann"):
            pass
    with made.take("ann"):
        pass


def test_a_command_that_fails_has_had_its_turn(monkeypatch):
    monkeypatch.setattr(turns, "MAX_OF_USER", 1)
    made = Turns()
    for _ in range(2):
        with pytest.raises(KeyError), made.take("ann"):
            raise KeyError
