"""A job as it stands, drawn: a line per step, a line per party below those at work, bars, reasons, last figures."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fedrota.cli.words import say_number, say_span, say_state
from fedrota.model import OVER, Job, Metric, Step, Task

BAR_WIDTH = 24
BAR, NOTE = 2, 4
"""Where the bar and the note stand in a row; the note is its last cell."""
NARROW = 72
"""A terminal of fewer columns has no room for bars: names and states would be cut for them."""
LATE = ("waiting", "ready")
Latest = Mapping[tuple[str, str], Sequence[Metric]]
"""The last point of each curve by step and party."""


class _Reasons:
    """Tells each cause once, however long it is: all that one failure stops has it as its reason, too."""

    def __init__(self, steps: Sequence[Step]) -> None:
        failures = [task.failure for step in steps for task in step.tasks if task.failure]
        self._causes = {failure.message for failure in failures if failure.message}
        self._told: set[str] = set()

    def tell(self, reason: str, state: str) -> str:
        """The reason, or nothing where something has ended and its cause was told in a line above."""
        if state not in OVER:
            return reason
        cause = next((cause for cause in self._causes if reason.endswith(cause)), reason)
        if cause in self._told:
            return ""
        self._told.add(cause)
        return reason


def draw_job(job: Job, latest: Latest, *, now: datetime, height: int = 40, width: int = 80) -> RenderableType:
    """The whole picture, in at most about `height` lines; without bars on a terminal of few columns."""
    shown, left_out = choose_steps(job.steps, height - 3)
    table = Table.grid(padding=(0, 2))
    kept = [at for at in range(NOTE + 1) if at != BAR or width >= NARROW]
    for at in kept:
        table.add_column(no_wrap=at != NOTE, overflow="fold" if at == NOTE else "ellipsis")
    reasons = _Reasons(shown)
    for row in (row for step in shown for row in _list_rows(step, latest, now, reasons)):
        table.add_row(*(row[at] for at in kept))
    parts: list[RenderableType] = [_draw_head(job, now), table]
    if left_out:
        parts.append(Text(f"... and {_count_states(left_out)}", style="dim"))
    return Group(*parts)


def _draw_head(job: Job, now: datetime) -> Text:
    done = sum(step.state in OVER for step in job.steps)
    span = say_span(job.started or job.created, job.ended, now)
    head = Text.from_markup(f"[bold]{escape(job.name)}[/]  {job.id}  {say_state(job.state)}")
    head.append(f"  {done}/{len(job.steps)} steps  {span}", style="dim")
    if job.reason and not job.is_over:
        head.append(f"  {job.reason}", style="yellow")
    return head


def choose_steps(steps: Sequence[Step], lines: int) -> tuple[list[Step], list[Step]]:
    """Which steps fit into `lines`, in the job's order, and which do not; those at work and those that failed first."""
    room = max(lines, 5)
    chosen: set[str] = set()
    for step in sorted(steps, key=_urgency):
        room -= 1 + len(_tasks_shown(step))
        if room < 0 and chosen:
            break
        chosen.add(step.name)
    return [step for step in steps if step.name in chosen], [step for step in steps if step.name not in chosen]


def _urgency(step: Step) -> int:
    if step.state in {"failed", "timeout"}:
        return 0
    if step.state not in OVER and step.state not in LATE:
        return 1
    return 2 if step.state in LATE else 3


def _tasks_shown(step: Step) -> tuple[Task, ...]:
    """A step that waits or went well is one line; of any other, each party is one."""
    return () if step.state in LATE or step.state == "success" else step.tasks


def _count_states(steps: Iterable[Step]) -> str:
    counts = Counter(step.state.replace("_", " ") for step in steps)
    total = sum(counts.values())
    return f"{total} more steps: " + ", ".join(f"{count} {state}" for state, count in counts.items())


def _list_rows(step: Step, latest: Latest, now: datetime, reasons: _Reasons) -> Iterator[tuple[RenderableType, ...]]:
    """The step's line and one per party below it: name, state, bar, time, note."""
    tries = f" [dim](attempt {step.attempt})[/]" if step.attempt > 1 else ""
    yield (
        f"[bold]{escape(step.name)}[/]{tries}",
        say_state(step.state),
        _draw_bar(measure_step(step), step.state),
        say_span(step.started, step.ended, now) if step.started else "",
        "" if step.state == "success" else escape(reasons.tell(step.reason, step.state)),
    )
    for task in _tasks_shown(step):
        yield (
            f"  [dim]{escape(task.role)}[/] {escape(task.party)}",
            say_state(task.state),
            _draw_bar(_measure_task(task), task.state),
            say_span(task.started, task.ended, now) if task.started else "",
            escape(_say_note(task, latest, reasons)),
        )


def _say_note(task: Task, latest: Latest, reasons: _Reasons) -> str:
    """Why it failed or waits; else the last figures that it reported."""
    if task.failure:
        return reasons.tell(task.failure.message or task.failure.kind, task.state)
    if task.state not in {"running", "success"}:
        return reasons.tell(task.reason, task.state)
    points = latest.get((task.step, task.party), ())
    return "  ".join(f"{point.name} {say_number(point.value)}" for point in points[:4])


def measure_step(step: Step) -> float:
    """How far a step is, from 0 to 1: the mean of its parties."""
    if step.state == "success":
        return 1.0
    if not step.tasks or step.state in LATE:
        return 0.0
    return sum(_measure_task(task) for task in step.tasks) / len(step.tasks)


def _measure_task(task: Task) -> float:
    return 1.0 if task.state == "success" else min(max(task.progress, 0.0), 1.0)


def _draw_bar(done: float, state: str) -> RenderableType:
    if state in LATE:
        return ""
    failed = state in {"failed", "timeout", "canceled"}
    # A running task that never says how far it is gets a bar that moves, not one that stands at nothing.
    pulse = state == "running" and done == 0.0
    return ProgressBar(
        total=1.0,
        completed=done,
        width=BAR_WIDTH,
        pulse=pulse,
        complete_style="red" if failed else "cyan",
        finished_style="red" if failed else "green",
        pulse_style="cyan",
    )
