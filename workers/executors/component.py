"""Runs registered components: a process forked from the zygote per task, or a warm one where the component allows."""

from collections.abc import Mapping
from typing import Any, Final

from scheduler.domain.messages import Assignment, Peer
from workers.executors.base import Bytes, ExchangePort, Handle, Limits, Place, Sink
from workers.executors.link import Header
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery
from workers.executors.process import Process
from workers.executors.run import ProcessRun, failure

IDLE_S: Final = 30.0
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
        self._warm = warm
        self._idle: list[Process] = []
        self._busy = 0
        nursery.on_start = self._on_zygote

    def _on_zygote(self) -> None:
        """A new zygote: one process waits for the first task, so that it need not wait."""
        if not self._idle:
            self._keep(self.nursery.fork())

    def find_offer(self, name: str) -> Mapping[str, Any] | None:
        """What the zygote said of the component `name`."""
        return next((offer for offer in self.nursery.offering.components if offer["name"] == name), None)

    def start(self, assignment: Assignment, place: Place, sink: Sink) -> Handle:
        """Run the component that `assignment.run` names."""
        run = ComponentRun(self, assignment, place=place, sink=sink)
        self.loop.call(run.begin)
        return run

    def take(self, *, reusable: bool) -> Process:
        """A process for a task: a warm one if it may be, else a new one."""
        while reusable and self._idle:
            process = self._idle.pop()
            if not process.is_gone:
                return process
        return self.nursery.fork(preload=not reusable)

    def give_back(self, process: Process) -> None:
        """The process may run another task."""
        if len(self._idle) < self._warm:
            self._keep(process)
        else:
            process.close()

    def _keep(self, process: Process) -> None:
        process.listener, process.log = _Idle(self, process), None
        self._idle.append(process)
        if len(self._idle) > 1:
            self.loop.later(IDLE_S, self._trim)

    def _trim(self) -> None:
        """Let the longest unused go; one always stays."""
        if len(self._idle) > 1:
            self._idle.pop(0).close()

    def forget(self, process: Process) -> None:
        """An idle process has ended."""
        if process in self._idle:
            self._idle.remove(process)


class _Idle:
    """Listens to a process between two tasks."""

    def __init__(self, executor: ComponentExecutor, process: Process) -> None:
        self._executor = executor
        self._process = process

    def on_frame(self, header: Header, payload: bytearray) -> None:
        """A process without a task has nothing to say."""

    def on_born(self, pid: int) -> None:
        """It has got its number."""

    def on_exit(self, code: int | None) -> None:  # noqa: ARG002
        """It is gone."""
        self._executor.forget(self._process)


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
        process = self._executor.take(reusable=self._is_kept)
        process.send(render_task(self.assignment, self.place, keep=self._is_kept))
        self.attach(process)

    def on_request(self, header: Header, payload: bytearray) -> None:
        """The component sends or awaits a message."""
        number, exchange = header["n"], self._executor.exchange
        if not self._exchanges:
            name = self.assignment.run["component"]
            self._answer(number, b"", f"component {name!r} is not declared with exchange=True")
        elif header["t"] == "send":
            exchange.send(
                self.assignment.task,
                self.assignment.seq,
                peer=header["peer"],
                name=header["name"],
                round=header["round"],
                payload=payload,
                on_done=lambda error: self.loop.call(self._answer, number, b"", error),
            )
        else:
            exchange.recv(
                self.assignment.task,
                self.assignment.seq,
                peer=header["peer"],
                name=header["name"],
                round=header["round"],
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
            self._executor.give_back(process)
        else:
            self.loop.later(LEAVE_S, process.kill)

    def finish(self, ending: Any) -> None:
        """Tell the peers too."""
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
