"""Names of queues."""

import pytest

from scheduler.queues.names import SCHEDULER, find_party, queue_name


@pytest.mark.parametrize("party", ["9999", "a.b-c_d", "party.x", "scheduler"])
def test_a_queue_names_its_party(party):
    assert find_party(queue_name(party)) == party


def test_other_queues_belong_to_no_party():
    assert find_party(SCHEDULER) is None
    assert find_party("_kombu.binding.party.1") is None
