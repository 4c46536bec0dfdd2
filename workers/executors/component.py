"""Runs registered components: a process forked from the zygote per task, or a warm one where the component allows."""

from collections.abc import Mapping
from typing import Any, Final

from scheduler.domain.messages import Assignment, Peer
from workers.exchange.port import Bytes, ExchangePort, Letter
from workers.executors.base import Handle, Limits, Place, Sink, failure
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery
from workers.executors.pool import WarmPool
from workers.executors.process import Process
from workers.executors.process_run import ProcessRun
from workers.processes.link import Header

LEAVE_S: Final = 5.0


class ComponentExecutor:
    """Starts components; keeps processes warm between tasks of reusable ones."""

    def __init__(
        self, loop: ExecutorLoop, nursery: Nursery, *, exchange: ExchangePort, limits: Limits, warm: int
    ) -> None:
        self.loop = loop
        self.nursery = nursery
        self.exchange = exchange
        self.limits = limits
        self.pool = WarmPool(loop, nursery, most_idle=warm)
        nursery.on_start = self.pool.warm_up

    def find_offer(self, name: str) -> Mapping[str, Any] | None:
        """What the zygote said of the component `name`."""
        return self.nursery.offering.components.get(name)

    def start(self, assignment: Assignment, place: Place, sink: Sink) -> Handle:
        """Run the component that `assignment.run` names."""
        run = ComponentRun(self, assignment, place=place, sink=sink)
        self.loop.call(run.begin)
        return run


class ComponentRun(ProcessRun):
    """A component under way."""

    def __init__(self, executor: ComponentExecutor, assignment: Assignment, *, place: Place, sink: Sink) -> None:
        super().__init__(executor.loop, assignment, place=place, sink=sink, limits=executor.limits)
        self._executor = executor
        self._is_kept = False
        self._exchanges = False

    def begin(self) -> None:
        """Find the component, take a process, send it the task."""
        name = self.assignment.run["component"]
        offer = self._executor.find_offer(name)
        if offer is None:
            broken = "; ".join(f"{module}: {why}" for module, why in self._executor.nursery.offering.broken.items())
            self.finish(failure("invalid", f"this party has no component {name!r}", detail=broken))
            return
        if self.is_stopped:
            self.finish(failure("stopped", "the task was stopped before it began"))
            return
        self._is_kept = offer["reusable"]
        self._exchanges = offer["exchange"]
        if self._exchanges:
            self._executor.exchange.open(self.assignment)
        if self._is_kept:
            self._executor.pool.take(self._use)
        else:
            self._use(self._executor.nursery.fork(preload=True))

    def _use(self, process: Process) -> None:
        """Run in `process`; a task that ends while it waits for one is forgotten by the pool."""
        process.send(render_task(self.assignment, self.place, keep=self._is_kept))
        self.attach(process)

    def ask_to_end(self) -> None:
        """The polite signal; a task that waits for its process has nothing to end."""
        if self.process is None:
            self._kill()
        super().ask_to_end()

    def on_request(self, header: Header, payload: bytearray) -> None:
        """The component sends or awaits a message."""
        number, exchange = header["n"], self._executor.exchange
        if not self._exchanges:
            name = self.assignment.run["component"]
            self._answer(number, b"", f"component {name!r} is not declared with exchange=True")
            return
        letter = Letter(peer=header["peer"], name=header["name"], round=header["round"])
        if header["t"] == "send":
            exchange.send(
                self.assignment.task,
                self.assignment.seq,
                letter,
                payload,
                on_done=lambda error: self.loop.call(self._answer, number, b"", error),
            )
        else:
            exchange.recv(
                self.assignment.task,
                self.assignment.seq,
                letter,
                timeout_s=header["timeout_s"],
                on_message=lambda message, error: self.loop.call(self._answer, number, message, error),
            )

    def _answer(self, number: int, payload: Bytes, error: str) -> None:
        if self.process is not None and not self.is_over:
            self.process.send({"n": number, "error": error}, payload)

    def on_end(self, header: Header) -> None:
        """The component has ended; its process may live on."""
        super().on_end(header)
        process, self.process = self.process, None
        if process is None:
            return
        if header["kept"] and not self.is_stopped:
            self._executor.pool.give_back(process)
        else:
            self._executor.pool.lose(process)
            self.loop.later(LEAVE_S, process.kill)

    def on_exit(self, code: int | None) -> None:
        """The process is gone without a last word."""
        if self.process is not None:
            self._executor.pool.lose(self.process)
        super().on_exit(code)

    def finish(self, ending: Any) -> None:
        """Tell the peers too."""
        if self.process is None:
            self._executor.pool.forget(self._use)
        if self._exchanges and not self.is_over:
            self._executor.exchange.close(self.assignment.task, self.assignment.seq, ending.outcome)
        super().finish(ending)


def render_task(assignment: Assignment, place: Place, *, keep: bool) -> Header:
    """The frame that starts a component in a task process."""
    return {
        "t": "component",
        "component": assignment.run["component"],
        "keep": keep,
        "task": assignment.task,
        "job": assignment.job,
        "step": assignment.step,
        "attempt": assignment.attempt,
        "members": [[peer.role, peer.party, peer.position, peer.task] for peer in list_members(assignment)],
        "params": dict(assignment.params),
        "workdir": str(place.workdir),
        "outputs": str(place.outputs),
        "tables": str(place.tables),
        "inputs": {name: str(path) for name, path in place.inputs.items()},
    }


def list_members(assignment: Assignment) -> list[Peer]:
    """Every member of the attempt with this one, in the order in which the centre made their tasks."""
    me = Peer(task=assignment.task, role=assignment.role, party=assignment.party, position=assignment.position)
    others = [peer for peer in assignment.peers if peer.task != me.task]
    if len(others) < len(assignment.peers):
        return [me if peer.task == me.task else peer for peer in assignment.peers]
    return sorted([*others, me], key=lambda peer: peer.task)
