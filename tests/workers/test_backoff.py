import random

from workers.backoff import Backoff, Pauses


def test_pauses_double_up_to_the_cap_with_full_jitter():
    backoff = Backoff(first_s=0.1, cap_s=10.0, chance=random.Random(1))
    pauses = [backoff.next_s() for _ in range(200)]
    assert all(pause <= min(10.0, 0.1 * 2**number) for number, pause in enumerate(pauses))
    assert 4.0 < sum(pauses[20:]) / 180 < 6.0
    backoff.reset()
    assert backoff.next_s() <= 0.1


def test_a_pause_is_as_long_as_asked_for_and_counts_failures():
    waits: list[float] = []
    pauses = Pauses(waits.append, backoff=Backoff(first_s=0.1, cap_s=1.0))
    told: list[int] = []
    pauses.on_count = told.append
    pauses.reset()
    pauses.take("away", "no answer", after_s=30.0)
    pauses.take("away", "no answer")
    assert waits[0] == 30.0
    assert waits[1] <= 0.2
    assert pauses.failures == 2
    pauses.reset()
    assert pauses.failures == 0
    assert told == [1, 2, 0]
