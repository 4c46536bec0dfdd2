"""One attempt in a process of the nursery: what components and commands have in common."""

import signal
from typing import Any, Final

from scheduler.domain.messages import Assignment, MetricPoint, OutputRef
from workers.executors.attempt_log import AttemptLog
from workers.executors.base import Ending, Limits, Place, Sink, failure
from workers.executors.loop import ExecutorLoop
from workers.executors.process import Process
from workers.processes.kernel import count_oom_kills, name_signal
from workers.processes.link import Header

LAST_WORDS: Final = 2_000
PAUSE_S: Final = 0.1


class ProcessRun:
    """An attempt's handle and the listener of its process."""

    def __init__(self, loop: ExecutorLoop, assignment: Assignment, *, place: Place, sink: Sink, limits: Limits) -> None:
        self.loop = loop
        self.assignment = assignment
        self.place = place
        self.sink = sink
        self.log = AttemptLog(place.log, limit=limits.log_bytes)
        self.process: Process | None = None
        self.is_over = False
        self.is_stopped = False
        self._is_begun = False
        self._oom_kills = 0

    def attach(self, process: Process) -> None:
        """Run in `process` from now on."""
        self.process = process
        process.listener, process.log = self, self.log
        if process.pid is not None:
            self._begin(process.pid, process.birth)

    def _begin(self, pid: int, birth: int) -> None:
        self._is_begun = True
        self.sink.started(pid, birth)

    def on_born(self, pid: int) -> None:
        """The process has got its number; an attempt that has ended by then is not begun again."""
        if not self.is_over:
            self._oom_kills = count_oom_kills()
            self._begin(pid, self.process.birth if self.process is not None else 0)
        if self.is_stopped and self.process is not None:
            self.process.kill()

    def log_size(self) -> int:
        """Bytes in the log."""
        return self.log.size

    def stop(self, grace_s: float) -> None:
        """Ask the attempt to end, kill it after `grace_s`."""
        self.loop.call(self._stop, grace_s)

    def kill(self) -> None:
        """Kill the attempt."""
        self.loop.call(self._kill)

    def _stop(self, grace_s: float) -> None:
        if self.is_over or self.is_stopped:
            return
        self.is_stopped = True
        self.ask_to_end()
        self.loop.later(grace_s, self._kill)

    def ask_to_end(self) -> None:
        """The polite signal."""
        if self.process is not None:
            self.process.signal(signal.SIGTERM)

    def _kill(self) -> None:
        self.is_stopped = True
        if self.is_over:
            return
        if self.process is None or self.process.pid is None:  # nobody knows when it will be born: it is killed then
            self.finish(failure("stopped", "the task was stopped before it began"))
        else:
            self.process.kill()

    def on_frame(self, header: Header, payload: bytearray) -> None:
        """The process said something."""
        kind = header.get("t")
        if kind == "points":
            self.sink.measured(tuple(MetricPoint(*point) for point in header["points"]))
            if self.sink.is_full() and self.process is not None:
                self.process.pause(PAUSE_S)
        elif kind == "progress":
            self.sink.progressed(header["fraction"])
        elif kind == "summary":
            self.sink.summed(header["values"])
        elif kind == "end":
            self.on_end(header)
        else:
            self.on_request(header, payload)

    def on_request(self, header: Header, payload: bytearray) -> None:
        """A kind of frame that only some attempts send."""

    def on_end(self, header: Header) -> None:
        """The process says how the attempt ended; a quick one may do so before its number is known."""
        if not self._is_begun:
            self._begin(0, 0)
        if self.process is not None:
            self.process.drain_output()
        self.finish(parse_ending(header))

    def on_exit(self, code: int | None) -> None:
        """The process is gone without a last word."""
        self.finish(self.judge_exit(code))

    def judge_exit(self, code: int | None) -> Ending:
        """What the end of a silent process means."""
        if code is None:
            return failure("lost", "the process that starts the tasks died, and the task with it")
        if code >= 0:
            return failure("exit", f"the process ended with exit status {code} before its component did")
        if -code == signal.SIGKILL and count_oom_kills() > self._oom_kills > 0:
            return failure("limit", "the system killed the task's process because memory ran out")
        if -code == signal.SIGXFSZ:
            return failure("limit", "the task wrote a larger file than it may (FEDROTA_TASK_DISK_BYTES)")
        if -code == signal.SIGKILL:
            return failure("lost", "the task's process was killed from outside (SIGKILL)")
        return failure("lost", f"the task's process crashed: {name_signal(-code)}")

    def finish(self, ending: Ending) -> None:
        """The attempt is over; tell it once."""
        if self.is_over:
            return
        self.is_over = True
        self.log.close()
        detail = ending.detail or (self.log.tail(LAST_WORDS) if ending.outcome != "success" else "")
        if self.log.problem:
            detail = f"{detail}\n{self.log.problem}".strip()
        self.sink.ended(
            Ending(
                outcome=ending.outcome,
                kind=ending.kind,
                message=ending.message,
                detail=detail,
                outputs=ending.outputs,
                log_size=self.log.size,
            )
        )


def parse_ending(header: dict[str, Any]) -> Ending:
    """The `end` frame of a task process."""
    return Ending(
        outcome=header["outcome"],
        kind=header.get("kind", ""),
        message=header.get("message", ""),
        detail=header.get("detail", ""),
        outputs=tuple(OutputRef(**output) for output in header.get("outputs", ())),
    )
