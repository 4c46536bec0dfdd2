"""A seeded, weighted simulator of one worker: the real runner, agenda, attempts, workbench, spool and journal.

Their threads, clock, disk and executors are those of `worker_machine`, their gateway is that of `worker_gateway`.
The worker is killed between any two steps of its threads and begins anew on the same folder. A violation names the
seed and the step, so that `WorkerModel(folder, seed).run(step)` replays it.
"""

import random
from collections import Counter
from pathlib import Path
from typing import Any, Final

from scheduler.domain.messages import Beat, Claim, Knock, MetricPoint, OutputRef, Report, SyncRequest
from tests.faults.worker_gateway import ENDED, HEARTBEAT_S, HELD, MemoryGateway
from tests.faults.worker_life import Life, Work
from tests.faults.worker_machine import Machine
from workers import journal as journal_module
from workers import spool as spool_module
from workers.executors.base import Ending
from workers.spool import Key, Spool
from workers.workdir import Workdir

WEIGHTS: Final = {
    "go": 300, "tick": 60, "jump": 3, "submit": 22, "deliver": 30, "lose_knock": 2, "stale_knock": 10, "redispatch": 8,
    "stop": 5, "stale_stop": 3, "give_up": 2, "rewind": 4, "expire": 6, "work": 90, "tidy": 20, "poison": 2, "cure": 4,
    "fill": 2, "clean": 4, "kill": 3, "shut_down": 1, "resize": 1, "forget": 1, "move_away": 0.3,
}  # fmt: skip


class WorkerModel:
    """One run; the same seed makes the same run."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.machine = Machine(self.random)
        self.workdir = Workdir(folder, "9999")
        self.workdir.root.mkdir(parents=True)
        self.gateway = MemoryGateway(self.random, clock=lambda: self.machine.now, pause=self.machine.linger)
        self.gateway.on_sync = self._check_call
        self.broker: list[list[Knock]] = []
        self.begun: Counter[Key] = Counter()
        self.works: dict[Key, Work] = {}
        self.held: set[Key] = set()
        self.tricked: set[str] = set()
        """Tasks of whose future dispatches the worker was told."""
        self.unsafe: set[Key] = set()
        """Attempts of which a full disk lacks the report, or lacked a line of the journal when the worker died."""
        self.steps = 0
        self.counts = dict.fromkeys(WEIGHTS, 0)
        self.life = Life(self)

    # --- the run ---

    def run(self, steps: int) -> None:
        """`steps` random moves."""
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        for _ in range(steps):
            self.do(self.random.choices(names, weights)[0])

    def do(self, name: str) -> None:
        """One move; a worker that has ended is started anew."""
        self.steps += 1
        self.counts[name] += 1
        try:
            if self.life.is_over:
                self._kill()
            getattr(self, f"_{name}")()
            self._check_sleepers()
        except Exception as failure:
            failure.add_note(f"seed {self.seed}, step {self.steps}: {name}")
            raise

    def drain(self) -> None:
        """No more faults: everything must come to rest, and be as it should. A full disk is found clean at the end."""
        self.gateway.is_faulty = False
        self.gateway.poison.clear()
        self._come_to_rest()
        self.machine.disk.is_full = False
        self._come_to_rest()
        try:
            self._check_end()
        except Exception as failure:
            failure.add_note(f"seed {self.seed}, after {self.steps} steps")
            raise

    def _come_to_rest(self) -> None:
        """Until nothing is left to do, and two heartbeats more."""
        rest_until = None
        for _ in range(6000):
            rest_until = (rest_until or self.machine.now + 2 * HEARTBEAT_S) if self._is_at_rest() else None
            if rest_until is not None and self.machine.now > rest_until:
                return
            for name in ("go", "go", "deliver", "work", "tidy"):
                self.do(name)
            if not self.machine.list_ready():
                self._leap()

    def _is_at_rest(self) -> bool:
        runner, loop = self.life.runner, self.life.loop
        is_quiet = runner is not None and not (runner._agenda.list_known() or runner._greeting.is_due)
        is_still = all(self.machine.thread(name).is_idle for name in ("executors", "channel", "main"))
        return is_quiet and is_still and not (self.gateway.list_open() or self.broker or loop.aside)

    def _leap(self) -> None:
        """To the next moment at which something is due."""
        times = [thread.until for thread in self.machine.threads.values() if thread.flow is not None]
        times += [timer.at for timer in self.life.loop.timers]
        times += [row.lease for row in self.gateway.list_open("dispatched")]
        self.machine.now = max(self.machine.now + 0.01, min([*times, self.machine.now + 5.0]))
        self.life.loop.run_due()
        self._redispatch()
        for row in self.gateway.list_open(*HELD):
            if row.task in self.tricked | self.gateway.poisoned and row.lease <= self.machine.now:
                self.gateway.end(row, "failed", by="lease")

    # --- time and threads ---

    def _go(self) -> None:
        if ready := self.machine.list_ready():
            self.machine.now += self.random.random() * 0.003
            self.random.choice(ready).go()

    def _tick(self) -> None:
        self.machine.now += self.random.random() * 0.2
        self.life.loop.run_due()

    def _jump(self) -> None:
        self.machine.now += self.random.choice([1.0, 5.0, 20.0])
        self.life.loop.run_due()

    def _kill(self) -> None:
        """The worker dies, its tasks with it, and begins anew."""
        journal = self.life._journal
        if journal is not None and (journal._is_behind or self.machine.disk.is_full):
            self.unsafe |= {*journal._open, *(entry.key for entry in journal_module._read(self.workdir.journal))}
        self.machine.kill()
        self.life = Life(self)

    def _shut_down(self) -> None:
        life = self.life
        if life.runner is not None and self.machine.thread("main").is_idle:
            self.machine.thread("main").queue.append(lambda: life.end(self.random.choice([0.0, 0.5, 4.0])))

    def _fill(self) -> None:
        self.machine.disk.is_full = True

    def _clean(self) -> None:
        self.machine.disk.is_full = False

    # --- the centre ---

    def _submit(self) -> None:
        run = self.random.choice([{"command": []}] * 9 + [{"image": ""}, {"engine": "no such"}])
        row = self.gateway.submit(
            f"t{self.steps}",
            held=self.random.random() < 0.3,
            run=run,
            slots=self.random.choice([1, 1, 1, 2]),
            timeout_s=self.random.choice([None, None, 1.0, 6.0]),
        )
        row.seq = self.random.choice([1, 3])
        self.broker.append([row.knock])

    def _deliver(self) -> None:
        """Some messages, not always the oldest, and some of them not for the last time."""
        if self.broker and self.life.runner is not None:
            taken = self.broker.pop(self.random.randrange(len(self.broker)))
            if self.gateway.is_faulty and self.random.random() < 0.15:
                self.broker.append(taken)
            self._knock(taken)

    def _knock(self, knocks: list[Knock]) -> None:
        self.held |= {(knock.task, knock.seq) for knock in knocks if knock.held}
        runner = self.life.runner
        self.machine.thread("channel").queue.append(lambda: runner.knock(knocks))

    def _lose_knock(self) -> None:
        if self.broker:
            self.broker.pop(self.random.randrange(len(self.broker)))

    def _stale_knock(self) -> None:
        """About another dispatch of a task, an earlier or a future one."""
        if self.gateway.rows and self.life.runner is not None:
            asked = [
                self.gateway.rows[task] for task, _ in self.life.runner._agenda._claiming if task in self.gateway.rows
            ]
            row = self.random.choice(asked or list(self.gateway.rows.values())[-8:])
            seq = max(1, row.seq + self.random.choice([-2, -1, -1, 0, 0, 1]))
            if seq > row.seq:
                self.tricked.add(row.task)
            self._knock([Knock(row.task, seq, row.held)])

    def _redispatch(self) -> None:
        if knocks := self.gateway.redispatch():
            self.broker.append(knocks)

    def _pick(self, *states: str) -> Any:
        found = self.gateway.list_open(*states)
        return self.random.choice(found) if found else None

    def _stop(self) -> None:
        if row := self._pick():
            kind = self.random.choice(["canceled", "failed", "timeout", "success"])
            is_told = row.state in HELD and self.random.random() < 0.7
            self.gateway.stop(row, kind)
            if is_told:
                self._tell_stop(row.task, row.seq, kind)

    def _stale_stop(self) -> None:
        """A stop that was long on its way, or comes before the claim's answer."""
        if self.gateway.rows:
            row = self.random.choice(list(self.gateway.rows.values())[-8:])
            if row.stop_kind or row.state in ENDED:
                self._tell_stop(row.task, max(1, row.seq - self.random.choice([0, 0, 1])), row.stop_kind or "canceled")

    def _tell_stop(self, task: str, seq: int, kind: str) -> None:
        if runner := self.life.runner:
            self.machine.thread("channel").queue.append(lambda: runner.stop_task(task, seq, kind))

    def _give_up(self) -> None:
        if row := self._pick(*HELD):
            self.gateway.end(row, "failed", by="centre")

    def _rewind(self) -> None:
        if row := self._pick(*HELD):
            self.broker.append([self.gateway.rewind(row)])

    def _expire(self) -> None:
        self.gateway.expire()

    def _poison(self) -> None:
        if row := self._pick():
            self.gateway.poison.add((self.random.choice([Claim, Report, Beat]), row.task))

    def _cure(self) -> None:
        self.gateway.poison.clear()

    def _resize(self) -> None:
        self.gateway.slots = self.random.choice([1, 2, 3])
        self._forget()

    def _forget(self) -> None:
        self.gateway.is_strange = True

    def _move_away(self) -> None:
        self.gateway.move_away()

    # --- tasks ---

    def _work(self) -> None:
        """Some task does something, the executors' thread hears of it."""
        alive = [work for work in self.life.works if not work.is_over]
        if not alive:
            return
        work = self.random.choice(alive)
        draw = self.random.random()
        executors = self.machine.thread("executors").queue
        if not work.has_process and draw < 0.9:
            executors.append(work.begin)
        elif draw < 0.4 and not work.is_told and self.gateway.is_faulty:
            self._measure(work)
        elif draw < 0.5:
            executors.append(lambda: work.attempt.progressed(draw))
        elif draw > 0.7 or work.is_told:
            self._finish(work, is_well=self.random.random() < (0.15 if work.is_told else 0.75))

    def _measure(self, work: Work) -> None:
        count = self.random.randint(1, 8)
        points = tuple(MetricPoint("m", work.points + number, 0.0, 0.0) for number in range(count))
        work.points += count
        self.machine.thread("executors").queue.append(lambda: work.attempt.measured(points))

    def _finish(self, work: Work, *, is_well: bool) -> None:
        work.is_over = True
        outputs: tuple[OutputRef, ...] = ()
        if work.has_process and (is_well or self.random.random() < 0.5):
            work.place.outputs.mkdir(parents=True)
            (work.place.outputs / "model").write_text(str(work.key))
            work.place.workdir.mkdir(parents=True)
            outputs = (OutputRef(name="model", kind="file", size=1, sha256=""),) if is_well else ()
        ending = Ending(outcome="success" if is_well and not work.is_killed else "failed", outputs=outputs)
        self.machine.thread("executors").queue.append(lambda: work.attempt.ended(ending))

    def _tidy(self) -> None:
        """A thread of the executors' pool."""
        if aside := self.life.loop.aside:
            aside.pop(self.random.randrange(len(aside)))()

    # --- what must hold ---

    def watch_spool(self, spool: Spool) -> None:
        """Note which reports the disk did not take."""
        write = spool.write

        def watched(records: list[Any]) -> bool:
            is_safe = write(records)
            if not is_safe:
                self.unsafe |= {record.key for record in records}
            return is_safe

        spool.write = watched

    def _check_call(self, request: SyncRequest) -> None:
        """What is not held is claimed for free slots only, and no item is in a call twice."""
        agenda = self.life.runner._agenda
        taken = sum(work.slots for work in self.life.works if not work.is_over)
        if any((claim.task, claim.seq) not in self.held for claim in request.claims):
            assert taken + len(request.claims) <= agenda.slots, "claimed beyond its slots"
        for items in (request.claims, request.reports, request.beats):
            assert len({(item.task, item.seq) for item in items}) == len(items), "an item twice"

    def _check_sleepers(self) -> None:
        """Nobody sleeps over what is to be done now; nothing begins twice."""
        twice = [key for key, count in self.begun.items() if count > 1 and key not in self.unsafe]
        assert not twice, f"begun twice: {twice}"
        runner = self.life.runner
        if runner is None or self.life.is_over or runner._changed.lock.owner is not None:
            return
        spool, main = self.machine.thread("spool"), self.machine.thread("runner")
        if spool in sleepers(runner._left_alone):
            assert not (runner._is_away and runner._agenda.unsaved), "the spool's thread was not woken"
        if main in sleepers(runner._changed) and not runner._is_away:
            due = self.machine.now + runner._agenda.wait_s(self.machine.now)
            assert due >= main.until - 1e-6, f"the runner was not woken: due {due}, sleeps until {main.until}"

    def _check_end(self) -> None:
        left = [(row.task, row.seq, row.state) for row in self.gateway.list_open()]
        assert not left, f"never ended: {left}"
        agenda = self.life.runner._agenda
        state = (agenda._held, agenda._waiting, agenda._claiming, agenda.running, agenda.unsaved, agenda._due)
        assert not any(state), f"the agenda is not empty: {state}"
        assert not agenda._early_stops, f"stops kept: {agenda._early_stops}"
        left = (self.life.workbench._places, self.life.workbench._timers, self.life.loop.timers)
        assert not any(left), f"left on the workbench: {left}"
        assert not self.life._journal.leftovers(), f"open in the journal: {self.life._journal.leftovers()}"
        assert not journal_module._read(self.workdir.journal), "open in the journal's file"
        files = list(self.workdir.spool.glob("*.json"))
        assert not any(spool_module._read(file)[0] for file in files), "left in the spool"
        assert len(files) <= 1, f"files left: {files}"
        for pattern in ("work/*/*", "incoming/*"):
            assert not list(self.workdir.root.glob(pattern)), f"left: {pattern}"
        rows = [*self.gateway.rows.values(), *self.gateway.past]
        self._check_points(rows)
        self._check_outputs(rows)

    def _check_points(self, rows: list[Any]) -> None:
        for row in rows:
            for seq, points in row.points.items():
                assert points == list(range(len(points))), f"{row.task}/{seq}: {points}"
            told = row.report
            if told is not None and told.kind != "lost" and row.task not in self.gateway.poisoned:
                work = self.works.get((told.task, told.seq))
                measured = work.points if work else 0
                assert len(row.points.get(told.seq, [])) == measured, f"{told}: {measured} measured, {row.points}"

    def _check_outputs(self, rows: list[Any]) -> None:
        wanted = {(row.task, row.seq) for row in rows if row.report is not None and row.state == "success"}
        root = self.workdir.root / "outputs"
        kept = {(path.parent.name, int(path.name)) for path in root.glob("*/*")}
        doubtful = self.unsafe | {key for key in kept if key[0] in self.gateway.poisoned}
        assert kept - wanted <= doubtful, f"outputs that nobody wants: {kept - wanted - doubtful}"
        lost = {
            (row.task, row.seq)
            for row in self.gateway.rows.values()
            if (row.task, row.seq) in wanted - self.unsafe and row.report.outputs
        } - kept
        assert not lost, f"outputs of accepted successes are gone: {lost}"


def sleepers(condition: Any) -> list[Any]:
    """The threads that wait, were not notified and whose time has not come."""
    return [thread for is_woken, thread in condition.waiting if not (is_woken or thread.can_go)]
