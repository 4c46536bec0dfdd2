"""Work that goes on beside the scheduler's, in a thread of its own, until its block is left."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Background(ABC):
    """A context whose thread does `_run` until `_closed` is set; leaving it waits `patience_s` for the thread's end."""

    def __init__(self, name: str, *, patience_s: float) -> None:
        self._closed = threading.Event()
        self._patience_s = patience_s
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join(timeout=self._patience_s)

    @abstractmethod
    def _run(self) -> None:
        """Work until `_closed` is set."""
