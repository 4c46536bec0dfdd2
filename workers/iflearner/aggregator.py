"""iFLearner's aggregator with the same arguments, but one that no trainer waits for in vain.

iFLearner 0.1.0's trainer (`business/homo/train_client.py`) uploads its weights and then notes that it waits; its
second thread asks for the average meanwhile and notes that it came. Where the average overtakes the upload's
answer, the first note is written over the second, and the trainer waits for ever: 1 of 18 runs on a busy host, as
both threads sleep for a second at a time and so meet again and again. So a party hears nothing while its upload is
under way and for a moment after its answer. All else is the engine's.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

PROGRAM: Final = "iflearner.business.homo.aggregate_server"
SERVER: Final = "iflearner.communication.homo.homo_server"
PAUSE_S: Final = 0.5
"""From an upload's answer to the first news: time for the trainer to note that it waits."""


class Uploads:
    """Which parties upload, and when each was last answered."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._quiet_until: dict[str, float] = {}

    @contextmanager
    def upload(self, party: str) -> Iterator[None]:
        """Around an upload of the party."""
        with self._turns[party]:
            try:
                yield
            finally:
                self._quiet_until[party] = time.monotonic() + self._pause_s

    @contextmanager
    def tell(self, party: str) -> Iterator[None]:
        """Around news for the party; waits until it can take them."""
        with self._turns[party]:
            time.sleep(max(0.0, self._quiet_until.get(party, 0.0) - time.monotonic()))
            yield


def hold_news(server: Any, uploads: Uploads) -> None:
    """Have the engine's server class (`HomoServer`) tell a party nothing that it cannot take."""
    given_post: Callable[..., Any] = server.post
    given_callback: Callable[..., Any] = server.callback

    def post(self: Any, request: Any, context: Any) -> Any:
        with uploads.upload(request.party_name):
            return given_post(self, request, context)

    def callback(self: Any, request: Any, context: Any) -> Any:
        with uploads.tell(request.party_name):
            return given_callback(self, request, context)

    server.post, server.callback = post, callback


def main() -> None:
    """Run the engine's program."""
    hold_news(import_module(SERVER).HomoServer, Uploads())
    import_module(PROGRAM).main()


if __name__ == "__main__":
    main()
