import threading

from scheduler.queues.background import Background


class Waiting(Background):
    def __init__(self, *, patience_s: float, obeys: bool = True) -> None:
        super().__init__("waiting", patience_s=patience_s)
        self.let_go = threading.Event()
        self.obeys = obeys

    def _run(self) -> None:
        (self._closed if self.obeys else self.let_go).wait(60)


def test_its_thread_lives_as_long_as_the_block():
    with Waiting(patience_s=60) as background:
        assert background._thread.is_alive()
    assert not background._thread.is_alive()


def test_a_thread_that_does_not_end_is_not_waited_for_for_ever():
    with Waiting(patience_s=0.01, obeys=False) as background:
        pass
    assert background._thread.is_alive()
    background.let_go.set()
    background._thread.join(60)
