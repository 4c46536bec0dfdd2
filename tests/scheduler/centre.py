"""A whole centre in one process: the real service on a real database, a clock that only moves when told."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from scheduler.domain.access import Principal, Role
from scheduler.domain.messages import (
    Beat,
    Claim,
    ClaimReply,
    ComponentOffer,
    Hello,
    Knock,
    Report,
    ReportReply,
    SyncReply,
    SyncRequest,
)
from scheduler.domain.model import Job, Submission
from scheduler.domain.plan import Draft, StepDraft, make_submission
from scheduler.service import advance, agents, jobs, poison
from scheduler.service.audit import Actor
from scheduler.service.catalogue import load_catalogue
from scheduler.service.limits import Patience
from scheduler.service.open_jobs import OpenJobs
from scheduler.service.parties import create_party
from scheduler.store.effects import Effects
from scheduler.store.queries import jobs as job_queries
from scheduler.store.queries import tracking
from scheduler.store.session import Store
from scheduler.store.tx import Tx
from scheduler.store.work import complete

Result = TypeVar("Result")

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ADMIN = Actor(Principal(name="root", kind="user", role=Role.PROJECT_ADMIN, project="p"))
NOOP = ComponentOffer(
    name="noop",
    params={"type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": False},
    inputs={"data": "table"},
    outputs={"data": "table"},
)
TABLES = (
    "job", "party", "token", "client", "audit", "idempotency", "data_table", "template", "blob", "tag", "study",
)  # fmt: skip


def hello(party: str, *, slots: int = 4, agent: str = "", components: Sequence[ComponentOffer] = (NOOP,)) -> Hello:
    """How the worker of `party` introduces itself."""
    return Hello(
        protocol=1,
        agent=agent or f"agent-{party}",
        version="1",
        slots=slots,
        executors=("component",),
        components=tuple(components),
        identity=f"key-{party}",
    )


def step(name: str, **given: Any) -> StepDraft:
    """A no-op step; `given` as in `StepDraft`."""
    return StepDraft(name=name, run={"component": "noop"}, **given)


def chain(length: int, **given: Any) -> tuple[StepDraft, ...]:
    """No-op steps s0, s1, ... each of which reads the table of the one before."""
    return tuple(step(f"s{n}", inputs={"data": f"s{n - 1}.data"} if n else {}, **given) for n in range(length))


def clear(store: Store) -> None:
    """Empty every table."""
    with store.engine.begin() as connection:
        for table in TABLES:
            connection.exec_driver_sql(f"DELETE FROM {table}")


class Centre:
    """Gateway and scheduler without their processes."""

    def __init__(
        self, store: Store, parties: Mapping[str, int] | None = None, *, patience: Patience | None = None
    ) -> None:
        self.store = store
        self.now = START
        self.patience = patience or Patience()
        self.effects = Effects()
        self.slots = dict(parties or {"a": 8, "b": 8})
        for party, slots in self.slots.items():
            self.write(
                lambda tx, p=party, s=slots: create_party(tx, p, org=f"org-{p}", slots=s, by=ADMIN, now=self.now)
            )
            self.greet(party)

    def write(self, use_case: Callable[[Tx], Result]) -> Result:
        """One committed transaction; its effects are kept."""
        with self.store.write() as tx:
            result = use_case(tx)
        self.effects = tx.effects
        return result

    def read(self, query: Callable[[Tx], Result]) -> Result:
        """One reading transaction."""
        with self.store.read() as tx:
            return query(tx)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    # --- what users do ---

    def plan(self, *steps: StepDraft, roles: Mapping[str, tuple[str, ...]] | None = None, **given: Any) -> Submission:
        """A submission; without `roles` each of the first two parties has one."""
        names = sorted(self.slots)[:2]
        filled = {"name": "job", "owner": "me", "project": "p", "origin": {"n": len(steps)}, **given}
        roles = roles or dict(zip(("guest", "host"), ((name,) for name in names), strict=False))
        return make_submission(Draft(roles=roles, steps=steps, **filled), self.read(load_catalogue))

    def submit(self, *steps: StepDraft, **given: Any) -> str:
        """The id of a new job."""
        return self.submit_all([self.plan(*steps, **given)])[0]

    def submit_all(self, submissions: Sequence[Submission]) -> list[str]:
        """The ids of new jobs, stored in one transaction."""
        answers = self.write(
            lambda tx: complete(jobs.submit_jobs(tx, submissions, now=self.now, open_jobs=OpenJobs(100_000)))
        )
        return [answer.job for answer in answers if isinstance(answer, jobs.Submitted)]

    def stop(self, job: str, reason: str = "by me") -> Job:
        """Ask for the job's end."""
        return self.write(lambda tx: jobs.request_stop(tx, job, reason=reason, now=self.now, patience=self.patience))

    def rerun(self, job: str, from_step: str | None = None) -> Job:
        """Open the job again."""
        return self.write(
            lambda tx: jobs.request_rerun(tx, job, from_step=from_step, now=self.now, patience=self.patience)
        )

    def requeue(self, job: str) -> Job:
        """Open a job again that is kept for an operator."""
        return self.write(lambda tx: poison.requeue_job(tx, job, by=ADMIN, now=self.now, patience=self.patience))

    # --- what the scheduler does ---

    def dispatch(self) -> dict[str, list[Knock]]:
        """One pass; the knocks by party."""
        return self.write(lambda tx: advance.dispatch_ready(tx, now=self.now, patience=self.patience)).knocks

    def settle(self, *, is_thorough: bool = True) -> int:
        """The first half of a sweep."""
        due = self.read(lambda tx: advance.list_due(tx, now=self.now, patience=self.patience, is_thorough=is_thorough))
        return self.write(lambda tx: advance.settle_jobs(tx, due, now=self.now, patience=self.patience))

    def redispatch(self) -> dict[str, list[Knock]]:
        """The second half of a sweep."""
        return self.write(lambda tx: advance.redispatch_expired(tx, now=self.now, patience=self.patience)).knocks

    def explain(self) -> None:
        """The last part of a sweep, until everything that is ready has been told why it waits."""
        after = None
        while after := self.write(
            lambda tx, at=after: advance.explain_ready(tx, now=self.now, patience=self.patience, after=at)
        ):
            pass

    # --- what workers do ---

    def greet(self, party: str, **given: Any) -> None:
        """The party's worker introduces itself."""
        knows = given.pop("knows", None)
        said = replace(hello(party, **{"slots": self.slots[party], **given}), knows=knows)
        self.write(lambda tx: agents.greet_worker(tx, party, said, now=self.now, patience=self.patience, run_id="r"))

    def sync(self, party: str, *, agent: str = "", **given: Any) -> SyncReply:
        """One agent call."""
        return self.sync_all((party, SyncRequest(agent=agent or f"agent-{party}", **given)))[0]

    def sync_all(self, *calls: tuple[str, SyncRequest]) -> list[SyncReply]:
        """A group of agent calls in one transaction."""
        group = [agents.Call(party, request) for party, request in calls]
        return self.write(lambda tx: complete(agents.sync_workers(tx, group, now=self.now, patience=self.patience)))

    def claim(self, party: str, knock: Knock, **given: Any) -> ClaimReply:
        """Claim one knocked task."""
        return self.sync(party, claims=(Claim(knock.task, knock.seq),), **given).claims[0]

    def beat(self, party: str, knock: Knock, *, agent: str = "", **given: Any) -> Any:
        """Beat for one task; the reply."""
        beat = Beat(task=knock.task, seq=knock.seq, **given)
        return self.sync(party, agent=agent, beats=(beat,)).beats[0]

    def report(self, party: str, knock: Knock, outcome: str = "success", **given: Any) -> ReportReply:
        """Report one task's end."""
        report = Report(task=knock.task, seq=knock.seq, outcome=outcome, **given)
        return self.sync(party, reports=(report,)).reports[0]

    def run(self, outcome: Callable[[Any], Mapping[str, Any]] = lambda task: {}) -> int:
        """Dispatch, claim and report until nothing is ready; how many tasks ended. `outcome` says how each does."""
        ended = 0
        while knocks := self.dispatch():
            for party, items in knocks.items():
                replies = self.sync(party, claims=tuple(Claim(k.task, k.seq) for k in items)).claims
                tasks = [reply.assignment for reply in replies if reply.assignment]
                reports = [
                    Report(**{"task": task.task, "seq": task.seq, "outcome": "success", **outcome(task)})
                    for task in tasks
                ]
                ended += len(reports)
                self.sync(party, reports=tuple(reports))
        return ended

    # --- what is stored ---

    def job(self, job: str) -> Job:
        """The job."""
        return self.read(lambda tx: job_queries.get_job(tx, job))

    def states(self, job: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """The job's state, its steps' by name, the present attempts' tasks' as step/party."""
        detail = self.read(lambda tx: job_queries.get_job_detail(tx, job))
        steps = {item.step.name: str(item.step.state) for item in detail.steps}
        tasks = {f"{task.step}/{task.party}": str(task.state) for item in detail.steps for task in item.tasks}
        return str(detail.job.state), steps, tasks

    def detail(self, job: str) -> job_queries.JobDetail:
        """The job with steps and tasks."""
        return self.read(lambda tx: job_queries.get_job_detail(tx, job))

    def events(self, job: str) -> list[tracking.EventView]:
        """Everything that happened in the job."""
        return self.read(lambda tx: tracking.list_events(tx, job, after=0, limit=100_000))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a plain query."""
        with self.store.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query).all()]


def eventually(is_true: Callable[[], Any], *, within_s: float = 60.0) -> Any:
    """The first truthy answer; an AssertionError where none comes in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if answer := is_true():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not within {within_s:g} s")
