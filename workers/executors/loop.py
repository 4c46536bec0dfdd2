"""The one thread in which all executors wait: for processes, pipes and the clock."""

import asyncio
import threading
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
        self._thread = threading.Thread(target=self._run, name="executors", daemon=True)

    def start(self) -> None:
        """Begin; the loop runs until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for its thread."""
        if self._thread.is_alive():
            self.aio.call_soon_threadsafe(self.aio.stop)
            self._thread.join()
        if not self.aio.is_closed():
            self.aio.close()

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` in the loop's thread, soon; from any thread, nothing happens after `stop`."""
        if not self.aio.is_closed():
            self.aio.call_soon_threadsafe(function, *args)

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
            self.call(then, function(*args))

        threading.Thread(target=work, name="executors-apart", daemon=True).start()

    def _on_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        log.critical("executors_failed", reason=context["message"], exc_info=context.get("exception"))
        self.on_error()

    def _run(self) -> None:
        asyncio.set_event_loop(self.aio)
        self.aio.run_forever()
