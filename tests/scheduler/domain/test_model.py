"""Questions that the frozen values answer."""

import pytest

from scheduler.domain.model import Party
from scheduler.domain.states import TERMINAL, State
from tests.scheduler.domain.material import NOW, after, make_task


def party(last_seen):
    return Party(id="a", org="o", slots=1, drained=False, created=NOW, last_seen=last_seen, agent=None, version="")


def test_a_party_is_online_while_it_was_heard_of_within_the_grace():
    assert party(after(-20)).is_online(NOW, 20)
    assert not party(after(-20.1)).is_online(NOW, 20)
    assert not party(None).is_online(NOW, 20)


def test_a_party_that_was_heard_of_in_the_future_only_is_not_online():
    """The clock was set back; another process's clock may be a little ahead."""
    assert party(after(20)).is_online(NOW, 20)
    assert not party(after(3600)).is_online(NOW, 20)


@pytest.mark.parametrize("state", State)
def test_a_task_knows_whether_it_is_over(state):
    assert make_task(state=state).is_over == (state in TERMINAL)
