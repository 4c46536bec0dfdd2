"""The jobs that run while faults are injected, and the client that submits them until each is accepted."""

import random
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from fedrota.client import Client
from fedrota.errors import FedrotaError
from tests.faults.system import COMPONENTS

RETRY = {
    "attempts": 100,
    "backoff_s": 0.2,
    "cap_s": 1,
    "on": ["error", "exit", "timeout", "lost", "interrupted", "unreachable", "limit"],
}
"""No fault may end a job: whatever fails is tried again."""
POINTS = 40
Document = Mapping[str, Any]


def ledger_of(folder: Path, party: str) -> Path:
    """Where a party's commands note what they did."""
    return folder / f"ledger.{party}"


@dataclass
class Mix:
    """Makes job documents of every kind in turn, with sizes drawn from a seeded source."""

    folder: Path
    parties: Sequence[str]
    draw: random.Random

    def documents(self, count: int) -> Iterator[Document]:
        """Jobs numbered from 0."""
        kinds = (self.quick, self.counted, self.command, self.exchange, self.chain)
        for number in range(count):
            kind = kinds[number % len(kinds)]
            steps = [{"retry": RETRY, **step} for step in kind()]
            yield {"name": f"{kind.__name__}-{number}", "parties": self._roles(), "steps": steps}

    def _roles(self) -> dict[str, list[str]]:
        chosen = self.draw.sample(list(self.parties), k=self.draw.randint(2, len(self.parties)))
        return {"guest": chosen[:1], "host": chosen[1:]}

    def quick(self) -> list[Document]:
        """A step that does nothing."""
        return [{"name": "nothing", "component": "noop", "params": {"sleep_s": self.draw.choice([0, 0, 1, 3])}}]

    def counted(self) -> list[Document]:
        """Numbered metrics and an output."""
        return [{"name": "count", "component": "counted", "params": self._points()}]

    def _points(self) -> dict[str, Any]:
        return {"points": POINTS, "pause_s": self.draw.choice([0.0, 0.02, 0.08])}

    def command(self) -> list[Document]:
        """A command that keeps a ledger."""
        parties = {"party": "{party}"}
        argv = [sys.executable, "-I", str(COMPONENTS), f"{self.folder}/ledger.{parties['party']}"]
        pause_s = self.draw.choice([0.0, 0.02, 0.08])
        return [{"name": "work", "command": [*argv, str(POINTS), str(pause_s)], "outputs": {"made": "file"}}]

    def exchange(self) -> list[Document]:
        """Parties that talk to each other."""
        return [
            {"name": "sum", "component": "toy", "params": {"rounds": self.draw.choice([1, 30, 200]), "length": 1000}}
        ]

    def chain(self) -> list[Document]:
        """Steps that need each other's outputs."""
        first: Document = {"name": "one", "component": "counted", "params": self._points()}
        second: Document = {"name": "two", **self.command()[0], "needs": ["one"]} | {"name": "two"}
        third: Document = {
            "name": "three", "component": "counted", "params": {"points": POINTS, "pause_s": 0.0},
            "inputs": {"made": "one.made"}, "needs": ["two"],
        }  # fmt: skip
        return [first, second, third]


@dataclass
class Submitter:
    """Submits documents from a thread of its own, each with one idempotency key until the gateway has said yes."""

    client: Client
    waiting: list[Document]
    pause_s: float
    accepted: dict[str, Document] = field(default_factory=dict)
    """By the job's id."""
    failures: int = 0

    def __enter__(self) -> Self:
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(60)

    def _run(self) -> None:
        while self.waiting and not self._is_over.wait(self.pause_s):
            self.submit_next()

    def submit_next(self) -> None:
        """One try with the first document that is not accepted."""
        document = self.waiting[0]
        try:
            job = self.client.submit(document, idempotency_key=str(document["name"]))
        except FedrotaError:
            self.failures += 1
            return
        self.accepted[job.id] = document
        self.waiting.pop(0)
