from workers.exchange.endpoint import find_stale


class Ended:
    def __init__(self, *, is_open=False, is_busy=False, stale_at=100.0):
        self.is_open, self.is_busy, self._stale_at = is_open, is_busy, stale_at

    def is_stale(self, now):
        return now > self._stale_at


def test_running_tasks_are_never_stale():
    assert find_stale([Ended(is_open=True, stale_at=0.0)], 1000.0, keep=0) == []


def test_ended_tasks_are_forgotten_after_their_time():
    old, young = Ended(stale_at=1.0), Ended()
    assert find_stale([old, young], 50.0, keep=5) == [old]


def test_only_so_many_idle_ones_are_remembered_the_oldest_go_first():
    ended = [Ended() for _ in range(5)]
    assert find_stale(ended, 0.0, keep=3) == ended[:2]


def test_one_that_peers_still_need_stays():
    busy = Ended(is_busy=True)
    assert find_stale([busy], 0.0, keep=0) == []
