"""The one thread in which all executors wait: for processes, pipes and the clock."""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class ExecutorLoop:
    """An asyncio loop in a thread of its own."""

    def __init__(self) -> None:
        self.aio = asyncio.new_event_loop()
        self.on_error: Callable[[], object] = lambda: None
        """Called after an error that nobody foresaw: an attempt may hang, so the worker had better end."""
        self.aio.set_exception_handler(self._on_error)
        self._calls: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._is_woken = False
        self._thread = threading.Thread(target=self._run, name="executors", daemon=True)

    def start(self) -> None:
        """Begin; the loop runs until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for its thread."""
        if self._thread.is_alive():
            self.call(self.aio.stop)
            self._thread.join()
        if not self.aio.is_closed():
            self.aio.close()

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` in the loop's thread, soon; from any thread, nothing happens after `stop`.

        To wake the loop is a system call: a crowd of calls wakes it once.
        """
        self._calls.append((function, args))
        if not self._is_woken and not self.aio.is_closed():
            self._is_woken = True
            self.aio.call_soon_threadsafe(self._make_calls)

    def _make_calls(self) -> None:
        # First the flag: what is added from here on either is seen below or wakes the loop anew.
        self._is_woken = False
        while self._calls:
            function, args = self._calls.popleft()
            # Each in a turn of its own, so that the error of one does not keep back the others.
            self.aio.call_soon(function, *args)

    def later(self, delay_s: float, function: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call `function` in `delay_s` seconds; only from the loop's thread."""
        return self.aio.call_later(delay_s, function, *args)

    def aside(self, function: Callable[..., Any], *args: Any, then: Callable[[Any], object]) -> None:
        """Run a slow `function` in a pool thread and give its result to `then` in the loop's thread."""
        waiting = self.aio.run_in_executor(None, function, *args)
        waiting.add_done_callback(lambda done: then(done.result()))

    def call_aside(self, function: Callable[..., Any], *args: Any) -> None:
        """As `aside`, from any thread, and nobody waits for the result."""
        self.call(self.aio.run_in_executor, None, function, *args)

    def apart(self, function: Callable[..., Any], *args: Any, then: Callable[[Any], object]) -> None:
        """As `aside`, in a thread of its own: for what may take hours."""

        def work() -> None:
            is_done = False
            try:
                self.call(then, function(*args))
                is_done = True
            finally:
                if not is_done:  # as any error of the loop: else the attempt would hang for good
                    log.critical("executors_failed", reason="error in a thread apart", exc_info=sys.exc_info())
                    self.on_error()

        threading.Thread(target=work, name="executors-apart", daemon=True).start()

    def _on_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        log.critical("executors_failed", reason=context["message"], exc_info=context.get("exception"))
        self.on_error()

    def _run(self) -> None:
        asyncio.set_event_loop(self.aio)
        self.aio.run_forever()
