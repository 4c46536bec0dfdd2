"""How many commands are carried out at a time: each holds one of nvflare's hundred threads, which logins need, too."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fedrota.bridge.errors import BusyError

MAX_COMMANDS: Final = 56
"""With as many threads for uploads as there may be, some are left for logins."""
MAX_OF_USER: Final = 16


class Turns:
    """The commands under way; callers may use it from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def take(self, user: str) -> Iterator[None]:
        """Carry out a command of this user inside; BusyError where too many are under way."""
        with self._lock:
            if self._under_way[user] >= MAX_OF_USER:
                raise BusyError(f"{user} has {MAX_OF_USER} commands under way: wait for one of them")
            if self._under_way.total() >= MAX_COMMANDS:
                raise BusyError(f"{MAX_COMMANDS} commands are under way here: try again later")
            self._under_way[user] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[user] -= 1
                self._under_way += Counter()  # forgets who has none
