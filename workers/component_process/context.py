"""What a running component sees of its task: the context of `fedrota.component`, at the task's end of the link."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fedrota.component import CancelledError, Exchange, InvalidInputError, Member, PeerError, get_member
from workers.component_process.values import STEPS, decode_payload, encode_payload, to_plain
from workers.processes.link import BlockingLink, Header
from workers.workdir import check_name, seal_file, table_path


class Stopping:
    """Whether the task is to stop, and whether its component looks by itself."""

    def __init__(self) -> None:
        self.is_set = False
        self.is_watched = False

    def check(self) -> None:
        """Raise CancelledError where the task is to stop."""
        if self.is_set:
            raise CancelledError("the task is being stopped")


class Mailbox:
    """Requests to the worker and their answers; several threads of a component may wait at once."""

    def __init__(self, link: BlockingLink, stopping: Stopping) -> None:
        self._link = link
        self._stopping = stopping
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._is_reading = False
        self._last = 0
        self._read_answers = 0
        self._answers: dict[int, tuple[Header, bytearray]] = {}

    @property
    def is_settled(self) -> bool:
        """Whether every request was answered and the answer read: none can reach the process's next task."""
        return self._read_answers == self._last

    def say(self, header: Header) -> None:
        """Tell the worker something that needs no answer."""
        with self._sending:
            self._link.send(header)

    def ask(self, header: Header, *parts: bytes | memoryview) -> int:
        """Send a request; `wait` for its number."""
        with self._sending:
            self._last += 1
            number = self._last
            self._link.send({**header, "n": number}, *parts)
        return number

    def wait(self, number: int) -> bytearray:
        """The answer's payload; PeerError where the answer is a reason why there is none."""
        while True:
            self._stopping.check()
            with self._changed:
                while number not in self._answers and self._is_reading:
                    self._changed.wait()
                if number in self._answers:
                    header, payload = self._answers.pop(number)
                    break
                self._is_reading = True
            self._read()
        if header["error"]:
            raise PeerError(header["error"])
        return payload

    def _read(self) -> None:
        """Read one frame on behalf of all waiting threads."""
        try:
            header, payload = self._link.recv()
        finally:
            with self._changed:
                self._is_reading = False
                self._changed.notify_all()
        with self._changed:
            self._answers[header["n"]] = (header, payload)
            self._read_answers += 1
            self._changed.notify_all()


class TaskExchange:
    """Messages to and from the other members of the step."""

    def __init__(self, mailbox: Mailbox, me: Member, peers: Mapping[Member, str]) -> None:
        self._mailbox = mailbox
        self._me = me
        self._peers = peers

    def send(self, to: str | Member, name: str, value: Any, *, round: int = 0) -> None:
        """Send `value` to one peer."""
        self._mailbox.wait(self._start_send(self._find(to), name, round, encode_payload(value)))

    def recv(self, source: str | Member, name: str, *, round: int = 0, timeout_s: float | None = None) -> Any:
        """Wait for a message from one peer."""
        return decode_payload(self._mailbox.wait(self._start_recv(self._find(source), name, round, timeout_s)))

    def broadcast(self, role: str | None, name: str, value: Any, *, round: int = 0) -> None:
        """Send `value` to every peer in `role`."""
        encoded = encode_payload(value)
        for number in [self._start_send(peer, name, round, encoded) for peer in self.list_peers(role)]:
            self._mailbox.wait(number)

    def gather(
        self, role: str | None, name: str, *, round: int = 0, timeout_s: float | None = None
    ) -> dict[Member, Any]:
        """One message from every peer in `role`."""
        asked = {peer: self._start_recv(peer, name, round, timeout_s) for peer in self.list_peers(role)}
        return {peer: decode_payload(self._mailbox.wait(number)) for peer, number in asked.items()}

    def list_peers(self, role: str | None) -> list[Member]:
        """The other members, of `role` if given; InvalidInputError where the role has none."""
        found = [peer for peer in self._peers if role is None or peer.role == role]
        if not found and role is not None:
            known = ", ".join(peer.address for peer in self._peers) or "none"
            raise InvalidInputError(f"no other party is {role!r} in this step; its other members are {known}")
        return found

    def _find(self, address: str | Member) -> Member:
        return get_member(tuple(self._peers), address)

    def _start_send(self, peer: Member, name: str, round: int, encoded: tuple[bytes, bytes | memoryview]) -> int:
        _check_letter(name, round)
        header: Header = {"t": "send", "peer": self._peers[peer], "name": name, "round": round}
        return self._mailbox.ask(header, *encoded)

    def _start_recv(self, peer: Member, name: str, round: int, timeout_s: float | None) -> int:
        _check_letter(name, round, timeout_s)
        header: Header = {"t": "recv", "peer": self._peers[peer], "name": name, "round": round, "timeout_s": timeout_s}
        return self._mailbox.ask(header)


def _check_letter(name: object, number: object, timeout_s: object = None) -> None:
    """TypeError where a message's name is no text, or its round or patience no number: the exchange could not answer."""
    if not isinstance(name, str):
        raise TypeError(f"a message's name must be a text, this one is {name!r}")
    if not isinstance(number, int):
        raise TypeError(f"a message's round must be a whole number, this one is {number!r}")
    if not (timeout_s is None or isinstance(timeout_s, (int, float))):
        raise TypeError(f"timeout_s must be a number of seconds, it is {timeout_s!r}")


class TaskOutput:
    """A place for one output."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: dict[str, Any] = {}


class TaskContext:
    """The context of one task in its process."""

    def __init__(self, link: BlockingLink, task: Mapping[str, Any], stopping: Stopping) -> None:
        self._mailbox = Mailbox(link, stopping)
        self._task = task
        self._stopping = stopping
        self._outputs: list[dict[str, Any]] = []
        self.job: str = task["job"]
        self.step: str = task["step"]
        self.attempt: int = task["attempt"]
        self.params: Mapping[str, Any] = task["params"]
        known = {Member(role, party, position): peer for role, party, position, peer in task["members"]}
        self.members: Sequence[Member] = tuple(known)
        self.me = next(member for member, peer in known.items() if peer == task["task"])
        del known[self.me]
        self.exchange: Exchange = TaskExchange(self._mailbox, self.me, known)

    @property
    def is_settled(self) -> bool:
        """Whether no answer of the exchange is still to come."""
        return self._mailbox.is_settled

    @property
    def workdir(self) -> Path:
        """The attempt's own folder, made at the first look."""
        folder = Path(self._task["workdir"])
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def cancelled(self) -> bool:
        """Whether the task is to stop; a component that looks is not interrupted elsewhere."""
        self._stopping.is_watched = True
        return self._stopping.is_set

    def peers(self, role: str | None = None) -> list[Member]:
        """The other members (of `role`, if given)."""
        return [peer for peer in self.members if peer != self.me and role in {None, peer.role}]

    def input(self, name: str) -> Path:
        """The file that an input refers to."""
        inputs = self._task["inputs"]
        if name not in inputs:
            raise KeyError(f"the step has no input {name!r}; it has {', '.join(sorted(inputs)) or 'none'}")
        return Path(inputs[name])

    def has_input(self, name: str) -> bool:
        """Whether the job document connects this input."""
        return name in self._task["inputs"]

    def table(self, name: str, *, namespace: str = "default") -> Path:
        """The Parquet file of a data table at this party."""
        tables = Path(self._task["tables"])
        path = table_path(tables, namespace, name)
        if not path.is_file():
            present = sorted(file.stem for file in (tables / namespace).glob("*.parquet"))
            shown = ", ".join(present[:10]) or "none"
            raise InvalidInputError(
                f"party {self.me.party} has no table {name!r} in namespace {namespace!r}; it has {shown}"
            )
        return path

    @contextmanager
    def output(self, name: str, kind: str = "file") -> Iterator[TaskOutput]:
        """A place to write an output; kept where the block ends without an exception."""
        path = Path(self._task["outputs"]) / check_name(name, "output")
        path.parent.mkdir(parents=True, exist_ok=True)
        place = TaskOutput(path)
        try:
            yield place
            facts = to_plain(place.facts)
            size, digest = seal_file(path, name)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._outputs.append({"name": name, "kind": kind, "size": size, "sha256": digest, "facts": facts})

    def list_outputs(self) -> list[dict[str, Any]]:
        """What was written, as `messages.OutputRef` in JSON; the last of several with one name."""
        return list({output["name"]: output for output in self._outputs}.values())

    def log(self, message: str) -> None:
        """Write a line to the task's log."""
        print(message, flush=True)  # noqa: T201  standard output is the task's log

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Add a point to the curve `name`; one that no store can keep goes to the log instead."""
        self._stop_here()
        figure = to_plain(float(value))
        if figure is None:
            self.log(f"metric {name} at step {step} is {value}: not finite, so it is not kept")
            return
        at = -1 if step is None else int(step)
        if at not in STEPS:
            self.log(f"metric {name} at step {step} is {value}: the step is beyond 64 bits, so it is not kept")
            return
        self._mailbox.say({"t": "points", "points": [[str(name), at, figure, time.time()]]})

    def progress(self, fraction: float) -> None:
        """Say how far the task is, from 0 to 1."""
        self._stop_here()
        self._mailbox.say({"t": "progress", "fraction": min(1.0, max(0.0, float(fraction)))})

    def summary(self, **values: Any) -> None:
        """Add figures to the task's summary (JSON values)."""
        self._mailbox.say({"t": "summary", "values": to_plain(values)})

    def _stop_here(self) -> None:
        """A good place to stop, unless the component looks at `cancelled` itself."""
        if not self._stopping.is_watched:
            self._stopping.check()
