"""What must hold once a system has come to rest: seen from the rows, the event log, the parties' disks and ledgers."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from scheduler.domain.states import TERMINAL, Event, Level, State, target
from scheduler.store.queries.snapshots import list_unsettled_jobs
from scheduler.store.session import Store
from tests.faults.system import System
from tests.faults.work import POINTS, ledger_of

ENDED = frozenset(str(state) for state in TERMINAL)


@dataclass(frozen=True)
class Count:
    """What a run amounted to."""

    tasks: int
    attempts: int
    redispatched: int
    done_twice: int
    """Works that a party finished more than once; only one of them counts."""


class Audit:
    """Reads everything once, then checks it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.store: Store = system.open_store()

    def rows(self, query: str, **values: Any) -> Sequence[Any]:
        """Rows of a query."""
        with self.store.engine.connect() as connection:
            return connection.execute(text(query), values).all()

    def open_jobs(self) -> list[Any]:
        """Jobs that have not ended, with where they stand."""
        return list(self.rows("SELECT id, name, state, reason FROM job WHERE state IN ('waiting', 'running')"))

    def explain_open(self) -> str:
        """The open jobs with their unfinished steps and tasks, for whoever reads a failed test."""
        query = (
            "SELECT job.name, step.name, step.state, step.attempt, step.reason, task.id, task.party_id, task.state, task.seq, "
            "task.agent, task.lease_until, task.stop_kind, task.reason FROM job JOIN step ON step.job_id = job.id "
            "LEFT JOIN task ON task.step_id = step.id AND task.attempt = step.attempt "
            "WHERE job.state IN ('waiting', 'running') AND step.state <> 'success'"
        )
        return "\n".join(str(tuple(row)) for row in self.rows(query))

    # --- the checks ---

    def check(self, accepted: Iterable[str]) -> Count:
        """Everything at once."""
        self.check_jobs(accepted)
        self.check_events()
        self.check_tasks()
        self.check_metrics()
        self.check_outputs()
        self.check_disks()
        done_twice = self.check_ledgers()
        return Count(
            tasks=self._count("task, step WHERE task.step_id = step.id AND task.attempt = step.attempt"),
            attempts=self._count("task"),
            redispatched=self._count("event WHERE event = 'redispatched'"),
            done_twice=done_twice,
        )

    def _count(self, tables: str) -> int:
        return int(self.rows(f"SELECT COUNT(*) FROM {tables}")[0][0])

    def check_jobs(self, accepted: Iterable[str]) -> None:
        """Every accepted job is there, ended in success, and there is no other."""
        states = {row[0]: row[1] for row in self.rows("SELECT id, state FROM job")}
        missing = set(accepted) - states.keys()
        assert not missing, f"accepted and lost: {missing}"
        assert states.keys() == set(accepted), f"jobs that nobody was told of: {states.keys() - set(accepted)}"
        wrong = self.rows("SELECT id, name, state, reason FROM job WHERE state <> 'success'")
        assert not wrong, f"jobs that did not succeed: {wrong}"
        steps = self.rows("SELECT id, name, state, reason FROM step WHERE state <> 'success'")
        assert not steps, f"steps that did not succeed: {steps}"
        with self.store.read() as tx:
            assert list_unsettled_jobs(tx) == []

    def check_events(self) -> None:
        """Every move in the log is legal from the one before it, and nothing follows an end but a rerun."""
        known: dict[tuple[str, str], str] = {}
        query = "SELECT job_id, step_id, task_id, level, event, state FROM event ORDER BY job_id, id"
        for job, step, task, level, event, state in self.rows(query):
            if event in {Event.SUBMITTED, Event.STOP_REQUESTED}:
                continue
            item = {"job": job, "step": step, "task": task}[level]
            first = "ready" if level == Level.STEP and event == Event.DISPATCHED else "waiting"
            before = known.get((level, item), first)  # a step that needs nothing is ready from the start
            assert before not in ENDED or event == Event.RERUN, f"{level} {item}: {event} after {before}"
            legal = target(Level(level), State(before), Event(event))
            assert legal == state, f"{level} {item}: {event} leads from {before} to {legal}, the log says {state}"
            known[level, item] = state
        for level in ("job", "step", "task"):
            for item, state in self.rows(f"SELECT id, state FROM {level}"):
                assert known.get((level, item), "waiting") == state, (
                    f"{level} {item} is {state}, its log says otherwise"
                )

    def check_tasks(self) -> None:
        """In the attempt that counts each member succeeded once; no step succeeded in two attempts."""
        successes: Counter[Any] = Counter()
        query = (
            "SELECT step.id, task.member, task.attempt FROM event JOIN task ON task.id = event.task_id "
            "JOIN step ON step.id = task.step_id AND step.attempt = task.attempt WHERE event.event = 'succeeded'"
        )
        for row in self.rows(query):
            successes[tuple(row)] += 1
        twice = {key: count for key, count in successes.items() if count != 1}
        assert not twice, f"committed more than once: {twice}"
        members = self.rows(
            "SELECT step.id, task.member, task.attempt FROM task "
            "JOIN step ON step.id = task.step_id AND step.attempt = task.attempt"
        )
        assert {tuple(row) for row in members} == set(successes)
        doubled = self.rows(
            "SELECT step_id FROM event WHERE level = 'step' AND event = 'succeeded' GROUP BY step_id HAVING COUNT(*) <> 1"
        )
        assert not doubled, f"steps that succeeded more than once: {doubled}"
        whole = self.rows(
            "SELECT step_id, attempt FROM task GROUP BY step_id, attempt "
            "HAVING COUNT(*) = SUM(CASE WHEN state = 'success' THEN 1 ELSE 0 END)"
        )
        assert len(whole) == self._count("step"), "a step has two attempts in which every party succeeded"

    def check_metrics(self) -> None:
        """The points of accepted dispatches have no hole, and no point is there twice."""
        twice = self.rows("SELECT task_id, name, x FROM metric GROUP BY task_id, name, x HAVING COUNT(*) > 1")
        assert not twice, f"points stored twice: {twice[:5]}"
        query = (
            "SELECT task.id, step.name, COUNT(metric.id), MIN(metric.x), MAX(metric.x), SUM(metric.value) FROM task "
            "JOIN step ON step.id = task.step_id AND step.attempt = task.attempt "
            "LEFT JOIN metric ON metric.task_id = task.id AND metric.name = 'n' "
            "WHERE step.name IN ('count', 'work', 'one', 'two', 'three') GROUP BY task.id, step.name"
        )
        wanted = (POINTS, 0, POINTS - 1, POINTS * (POINTS - 1) / 2)
        holes = [tuple(row) for row in self.rows(query) if tuple(row[2:]) != wanted]
        assert not holes, f"accepted dispatches whose points have holes: {holes}"

    def check_outputs(self) -> None:
        """What the rows say of outputs is what lies at the parties."""
        query = (
            "SELECT task.id, task.party_id, task.seq, output.seq, output.name, output.size, output.sha256, step.name "
            "FROM task JOIN step ON step.id = task.step_id AND step.attempt = task.attempt "
            "LEFT JOIN output ON output.task_id = task.id WHERE step.name IN ('count', 'work', 'one', 'two', 'three')"
        )
        for task, party, seq, made_by, name, size, digest, step in self.rows(query):
            assert (made_by, name) == (seq, "made"), f"{task} ({step}): output {name} of dispatch {made_by}, not {seq}"
            content = (self.system.site(party) / "outputs" / task / str(seq) / name).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (size, digest), task
            if step in {"work", "two"}:
                assert content.decode() == f"{task}/{seq}"

    def check_disks(self) -> None:
        """Nothing is left of attempts that do not count: no folder, no spooled report, no open journal line."""
        accepted = {
            (row[0], row[1], str(row[2]))
            for row in self.rows("SELECT party_id, id, seq FROM task WHERE state = 'success'")
        }
        for party in self.system.parties:
            site = self.system.site(party)
            outputs = {(party, folder.parent.name, folder.name) for folder in site.glob("outputs/*/*")}
            assert outputs <= accepted, f"outputs that nobody wants: {sorted(outputs - accepted)}"
            assert not list(site.glob("work/*/*")), f"folders of ended attempts: {list(site.glob('work/*/*'))}"
            spooled = [file for file in site.glob("spool/*") if file.stat().st_size]
            assert not spooled, f"reports never delivered: {spooled}"
            left = open_attempts(site / "journal.jsonl")
            assert not left, f"attempts that party {party} thinks are running: {left}"

    def check_ledgers(self) -> int:
        """Each accepted command noted its end once; no dispatch began twice; how many works were done more than once."""
        begun: Counter[tuple[str, int]] = Counter()
        done: Counter[tuple[str, int]] = Counter()
        for party in self.system.parties:
            path = ledger_of(self.system.folder, party)
            for line in path.read_text().splitlines() if path.exists() else []:
                task, seq, what = json.loads(line)
                (begun if what == "begin" else done)[task, seq] += 1
        twice = {key: count for key, count in begun.items() if count > 1}
        assert not twice, f"dispatches that began more than once: {twice}"
        works: defaultdict[tuple[str, int], int] = defaultdict(int)
        query = (
            "SELECT task.id, task.seq, task.state, task.step_id, task.member, step.attempt = task.attempt FROM task "
            "JOIN step ON step.id = task.step_id WHERE step.name IN ('work', 'two')"
        )
        for task, seq, state, step, member, is_present in self.rows(query):
            works[step, member] += sum(count for (name, _), count in done.items() if name == task)
            if state == "success" and is_present:
                assert done[task, seq] == 1, f"{task}/{seq} counts, but noted its end {done[task, seq]} times"
        return sum(count > 1 for count in works.values())


def open_attempts(journal: Path) -> list[tuple[str, int]]:
    """The attempts that a journal has not closed."""
    found: dict[tuple[str, int], None] = {}
    for line in journal.read_text().splitlines():
        what, task, seq, *_ = json.loads(line)
        if what == "end":
            found.pop((task, seq), None)
        else:
            found[task, seq] = None
    return list(found)
