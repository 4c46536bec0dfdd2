"""A seeded, weighted simulator: the real service on a real database, agents that crash, freeze and lose words.

Every operation is drawn with its weight; after each one the invariants are checked on the rows and the
event log. A violation names the seed and the step, so `Simulator(store, seed).run(step + 1)` replays it.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import event

from scheduler.domain.errors import ConflictError, FedrotaError
from scheduler.domain.messages import Assignment, Beat, Claim, Knock, MetricPoint, Report, SyncReply, SyncRequest
from scheduler.domain.model import Retry
from scheduler.domain.plan import StepDraft
from scheduler.service.advance import Place, dispatch_ready, explain_ready
from scheduler.service.limits import Patience
from scheduler.service.parties import PartyPatch, change_party
from scheduler.store.hot.dispatch import Rank
from scheduler.store.session import Store, make_store
from tests.faults.invariants import Watch
from tests.scheduler.centre import ADMIN, Centre, step

PATIENCE: Final = Patience(
    heartbeat_s=2.0, lease_s=10.0, dispatch_lease_s=5.0, offline_s=20.0, offline_grace_s=60.0, reserve_after_s=10.0
)
PARTIES: Final = {"a": 3, "b": 2, "c": 4}
WEIGHTS: Final = {
    "submit": 6, "pass": 26, "deliver": 30, "lose_knock": 3, "repeat_knock": 3, "sync": 60, "work": 40,
    "crash": 4, "freeze": 2, "thaw": 3, "sweep": 14, "tick": 20, "jump": 2, "stop": 2, "rerun": 4, "requeue": 2,
    "drain": 1, "resume": 3,
}  # fmt: skip


@dataclass(slots=True)
class Running:
    """A task that an agent has begun, and what it has still to tell of it."""

    assignment: Assignment
    stop_kind: str = ""
    report: Report | None = None
    batch: int = 0
    stored: int = 0


@dataclass(slots=True)
class Agent:
    """A party's worker: one call at a time; its journal and spool outlive a crash, its memory does not."""

    party: str
    life: int = 1
    inbox: list[Knock] = field(default_factory=list)
    asked: list[Knock] = field(default_factory=list)
    journal: dict[tuple[str, int], Running | None] = field(default_factory=dict)
    spool: dict[tuple[str, int], Report] = field(default_factory=dict)
    is_frozen: bool = False

    @property
    def name(self) -> str:
        """The worker's id, which outlives a crash unless its folder is lost to it, too."""
        return f"{self.party}-{self.life}"


class Simulator:
    """One run; the same seed makes the same run."""

    def __init__(self, store: Store, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.centre = Centre(store, PARTIES, patience=PATIENCE)
        self.agents = {party: Agent(party) for party in PARTIES}
        self.broker: list[tuple[str, list[Knock]]] = []
        self.jobs: list[str] = []
        self.stops: list[tuple[str, str, int, str]] = []
        self.steps = 0
        self.counts = dict.fromkeys((*WEIGHTS, "cut"), 0)
        self.place: Place | None = None
        self.explained: Rank | None = None
        self.watch = Watch(self.centre, PARTIES)
        for party in PARTIES:
            self._greet(self.agents[party])

    # --- the run ---

    def run(self, steps: int) -> None:
        """`steps` random operations, each checked."""
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        for _ in range(steps):
            name = self.random.choices(names, weights)[0]
            self.do(name)

    def do(self, name: str) -> None:
        """One operation, then the invariants."""
        self.steps += 1
        self.counts[name] += 1
        try:
            getattr(self, f"_{name}")()
            self.watch.check()
        except Exception as failure:
            failure.add_note(f"seed {self.seed}, step {self.steps}: {name}")
            raise

    def drain(self) -> None:
        """No more faults: everything must end."""
        for party, agent in self.agents.items():
            agent.is_frozen = False
            self._change(party, drained=False)
        for _ in range(600):
            if not self.watch.open_jobs():
                break
            for _ in range(4):
                for name in ("pass", "deliver", "sync", "sync", "work", "sync"):
                    self.do(name)
            self.do("tick")
            self.do("sweep")
        left = self.watch.open_jobs()
        assert not left, f"seed {self.seed}: never ended: {left}"
        self.watch.check_end(self.jobs)

    # --- users ---

    def _submit(self) -> None:
        roles = {"guest": ("a",), "host": tuple(self.random.sample(["b", "c"], self.random.randint(1, 2)))}
        deadline_s = self.random.choice([None, None, None, 200.0])
        made = self.centre.submit(
            *self._steps(), roles=roles, priority=self.random.randint(0, 2), deadline_s=deadline_s
        )
        self.jobs.append(made)

    def _steps(self) -> Iterator[StepDraft]:
        names: list[str] = []
        for number in range(self.random.randint(1, 4)):
            needs = tuple(name for name in names if self.random.random() < 0.5)
            names.append(f"s{number}")
            yield step(
                names[-1],
                needs=needs,
                gang=self.random.random() < 0.5,
                slots=self.random.choice([1, 1, 2]),
                services=("host",) if self.random.random() < 0.1 else (),
                timeout_s=self.random.choice([None, None, 20.0]),
                retry=Retry(attempts=3, backoff_s=self.random.choice([0.0, 2.0]), on=("lost", "interrupted")),
            )

    def _requeue(self) -> None:
        self._ask(self.centre.requeue)

    def _stop(self) -> None:
        self._ask(lambda job: self.centre.stop(job, "by the simulator"))

    def _rerun(self) -> None:
        self._ask(lambda job: self.centre.rerun(job, self.random.choice([None, "s0"])))

    def _ask(self, wish: Callable[[str], object]) -> None:
        if self.jobs:
            try:
                wish(self.random.choice(self.jobs[-8:]))
            except ConflictError:
                return
            self._note_stops()

    def _drain(self) -> None:
        self._change(self.random.choice(list(PARTIES)), drained=True)

    def _resume(self) -> None:
        self._change(self.random.choice(list(PARTIES)), drained=False)

    def _change(self, party: str, *, drained: bool) -> None:
        self.centre.write(
            lambda tx: change_party(tx, party, PartyPatch(drained=drained), by=ADMIN, now=self.centre.now)
        )

    # --- the scheduler and its broker ---

    def _pass(self) -> None:
        """As the loop: a pass that was cut off is gone on with by the next."""
        done = self.centre.write(
            lambda tx: dispatch_ready(tx, now=self.centre.now, patience=PATIENCE, place=self.place)
        )
        self.place = done.place
        self.counts["cut"] += done.is_cut
        self.broker += done.knocks.items()

    def _sweep(self) -> None:
        self.centre.settle(is_thorough=self.random.random() < 0.3)
        self._note_stops()
        self.broker += self.centre.redispatch().items()
        self.explained = self.centre.write(
            lambda tx: explain_ready(tx, now=self.centre.now, patience=PATIENCE, after=self.explained)
        )

    def _deliver(self) -> None:
        """Any message that is under way, not always the oldest."""
        if self.broker:
            party, knocks = self.broker.pop(self.random.randrange(len(self.broker)))
            if not self.agents[party].is_frozen:
                self.agents[party].inbox += knocks

    def _lose_knock(self) -> None:
        if self.broker:
            self.broker.pop(self.random.randrange(len(self.broker)))

    def _repeat_knock(self) -> None:
        if self.broker:
            self.broker.append(self.random.choice(self.broker))

    def _tick(self) -> None:
        self.centre.wait(self.random.random() * 2)

    def _jump(self) -> None:
        self.centre.wait(self.random.choice([6.0, 12.0, 30.0, 90.0]))

    # --- workers ---

    def _greet(self, agent: Agent) -> None:
        knows = {*agent.journal, *agent.spool, *((knock.task, knock.seq) for knock in (*agent.inbox, *agent.asked))}
        self.centre.greet(agent.party, agent=agent.name, knows=tuple(knows))

    def _sync(self) -> None:
        """One agent call of one or several parties, in one transaction; some lose their answer."""
        awake = [agent for agent in self.agents.values() if not agent.is_frozen]
        callers = self.random.sample(awake, min(len(awake), self.random.randint(1, 2)))
        calls = [(agent, self._request(agent)) for agent in callers]
        if calls and self.random.random() < 0.1:
            calls.append(self.random.choice(calls))
        try:
            replies = self.centre.sync_all(*[(agent.party, request) for agent, request in calls])
        except FedrotaError:
            return
        self._note_stops()
        for (agent, request), reply in zip(calls, replies, strict=True):
            self.watch.note_reply(agent.party, request, reply)
            if self.random.random() > 0.15:
                self._hear(agent, reply)

    def _request(self, agent: Agent) -> SyncRequest:
        agent.asked += agent.inbox
        agent.inbox.clear()
        for knock in agent.asked:
            agent.journal.setdefault((knock.task, knock.seq), None)
        running = [task for task in agent.journal.values() if task and not task.report]
        return SyncRequest(
            agent=agent.name,
            claims=tuple(dict.fromkeys(Claim(knock.task, knock.seq) for knock in agent.asked)),
            reports=tuple(agent.spool.values()),
            beats=tuple(self._beat(task) for task in running),
        )

    def _beat(self, task: Running) -> Beat:
        if task.batch == task.stored:
            task.batch += 1
        told = task.assignment
        at = self.centre.now.timestamp()
        point = MetricPoint("loss", task.batch, float(task.batch), at)
        return Beat(task=told.task, seq=told.seq, progress=0.5, batch=task.batch, metrics=(point,))

    def _hear(self, agent: Agent, reply: SyncReply) -> None:
        for claim in reply.claims:
            key = (claim.task, claim.seq)
            agent.asked = [knock for knock in agent.asked if (knock.task, knock.seq) != key]
            if claim.assignment is None and agent.journal.get(key) is None:
                agent.journal.pop(key, None)
            elif claim.assignment and agent.journal.get(key) is None and key not in agent.spool:
                self.watch.note_start(claim.assignment)
                agent.journal[key] = Running(claim.assignment)
        for report in reply.reports:
            agent.spool.pop((report.task, report.seq), None)
            agent.journal.pop((report.task, report.seq), None)
        for beat in reply.beats:
            task = agent.journal.get((beat.task, beat.seq))
            if task and beat.verdict == "fenced":
                del agent.journal[beat.task, beat.seq]
            elif task:
                task.stored = beat.batch
                task.stop_kind = beat.stop_kind or task.stop_kind

    def _note_stops(self) -> None:
        """Stop frames through the party's channel: half of them get there."""
        for party, task, seq, kind in self.centre.effects.stops:
            running = self.agents[party].journal.get((task, seq))
            if running and self.random.random() < 0.5:
                running.stop_kind = kind

    def _work(self) -> None:
        """Some running task comes to its end, and its report into the spool."""
        agent = self.random.choice(list(self.agents.values()))
        begun = [task for task in agent.journal.values() if task and not task.report]
        if agent.is_frozen or not begun:
            return
        task = self.random.choice(begun)
        is_stopped = task.stop_kind and self.random.random() < 0.9
        kinds = ["success"] * 12 + ["failed:error", "failed:lost", "failed:interrupted", "timeout:timeout"]
        outcome, _, kind = (task.stop_kind if is_stopped else self.random.choice(kinds)).partition(":")
        told = task.assignment
        self._spool(agent, Report(task=told.task, seq=told.seq, outcome=outcome, kind=kind, message=outcome), task)

    def _spool(self, agent: Agent, report: Report, task: Running | None = None) -> None:
        agent.spool[report.task, report.seq] = report
        if task:
            task.report = report

    def _crash(self) -> None:
        """The worker dies and starts anew: what its journal names and its spool does not is reported lost."""
        agent = self.random.choice(list(self.agents.values()))
        kind = self.random.choice(["lost", "interrupted"])
        for task, seq in agent.journal:
            if (task, seq) not in agent.spool:
                died = {"message": "the worker died", "worker_died": kind == "lost"}
                self._spool(agent, Report(task=task, seq=seq, outcome="failed", kind=kind, **died))
        agent.journal.clear()
        agent.inbox.clear()
        agent.asked.clear()
        agent.life += self.random.random() < 0.5
        agent.is_frozen = False
        self._greet(agent)

    def _freeze(self) -> None:
        self.random.choice(list(self.agents.values())).is_frozen = True

    def _thaw(self) -> None:
        for agent in self.agents.values():
            agent.is_frozen = False


def open_fast(file: Path) -> Store:
    """The store in a file that need not survive a power cut, on one connection."""
    store = make_store(f"sqlite:///{file}", pool_size=1)
    event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return store
