"""`fedrota logs`: the logs of one task, or of a step's tasks side by side."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Annotated, Final

import typer

from fedrota.cli.completion import PartyOption, complete_job, complete_step
from fedrota.cli.context import AsJson, connect
from fedrota.cli.exits import REFUSED, print_error
from fedrota.cli.show import make_error_console
from fedrota.client import Client
from fedrota.errors import ApiError, FedrotaError, NotFoundError
from fedrota.model import OVER, Task

app = typer.Typer()

LINE_BYTES: Final = 256
"""What a line of a log is taken for when its tail is asked for."""
LEAST_TAIL_BYTES: Final = 1 << 16


@app.command(rich_help_panel="Results")
def logs(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="JOB|TASK", help="A job's id and then a step, or a task's id.", autocompletion=complete_job
        ),
    ],
    step: Annotated[
        str | None, typer.Argument(metavar="STEP", help="The step's name.", autocompletion=complete_step)
    ] = None,
    *,
    party: PartyOption = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing until the task has ended.")] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", "-n", min=0, metavar="LINES", help="Only the last lines.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the log of a task, or of a step's task at each party; with --json one JSON object per line."""
    with connect(ctx) as client:
        tasks = find_tasks(client, target, step, party)
        if as_json:
            _print_json(client, tasks, tail, follow=follow)
        elif len(tasks) == 1:
            _print_one(client, tasks[0], tail, follow=follow)
        elif follow:
            width = max(len(task.party) for task in tasks)
            _leave(refused=_print_lines(client, tasks, tail, form=lambda task, line: f"{task.party:>{width}} | {line}"))
        else:
            _leave(refused=_print_all(client, tasks, tail))


def find_tasks(client: Client, target: str, step: str | None, party: str | None) -> list[Task]:
    """The tasks that the arguments mean; an error that lists the choices where they mean none."""
    if step is None:
        return [_get_task(client, target)]
    tasks = client.step(target, step).tasks
    chosen = [task for task in tasks if party in {None, task.party}]
    if chosen:
        return chosen
    if not tasks:
        raise FedrotaError(f"step {step!r} has no tasks yet, so there is no log")
    raise FedrotaError(f"step {step!r} does not run at {party!r}; its parties: {', '.join(t.party for t in tasks)}")


def _get_task(client: Client, target: str) -> Task:
    try:
        return client.task(target)
    except NotFoundError:
        # Most likely a job's id without a step: then say which steps there are.
        steps = ", ".join(step.name for step in client.job(target).steps)
        raise FedrotaError(f"{target} is a job: name a step as well, one of {steps}") from None


def read_tail(client: Client, task: str, lines: int | None, *, follow: bool) -> Iterator[str]:
    """A task's log, whole or only its last `lines`, and what is yet to come if it is followed."""
    if lines is None:
        yield from client.logs(task, follow=follow)
        return
    chunk = client.read_log(task, offset=-max(LEAST_TAIL_BYTES, lines * LINE_BYTES))
    text = chunk.content.decode("utf-8", "replace")
    yield "".join(text.splitlines(keepends=True)[-lines:] if lines else [])
    if follow:
        yield from client.logs(task, offset=chunk.end, follow=True)


def _print_one(client: Client, task: Task, tail: int | None, *, follow: bool) -> None:
    written = 0
    for text in read_tail(client, task.id, tail, follow=follow):
        written += len(text)
        _write(text)
    if not written and tail != 0:
        word = "the log is empty" if follow or task.state in OVER else f"no log yet: the task is {task.state}"
        make_error_console().print(f"[dim]{word}[/]")


def _print_all(client: Client, tasks: Sequence[Task], tail: int | None) -> bool:
    """One log after the other; a party that does not give its own keeps none of the others back: whether one did not."""
    refused = False
    for task in tasks:
        _write(f"==> {task.role} {task.party} <==\n")
        try:
            for text in read_tail(client, task.id, tail, follow=False):
                _write(text)
        except ApiError as error:
            print_error(error)
            refused = True
        _write("\n")
    return refused


def _print_json(client: Client, tasks: Sequence[Task], tail: int | None, *, follow: bool) -> None:
    """Each line as an object that says whose it is; what is followed comes as it comes, else log after log."""
    groups = [tasks] if follow else [[task] for task in tasks]
    found = [_print_lines(client, group, tail, form=_render_json, follow=follow) for group in groups]
    _leave(refused=any(found))


def _render_json(task: Task, line: str) -> str:
    return json.dumps({"task": task.id, "role": task.role, "party": task.party, "line": line}, ensure_ascii=False)


def _print_lines(
    client: Client,
    tasks: Sequence[Task],
    tail: int | None,
    *,
    form: Callable[[Task, str], str],
    follow: bool = True,
) -> bool:
    """All logs at once, each line in its form, until the last of them ends; whether a party did not give its own."""
    lines: SimpleQueue[str | FedrotaError | None] = SimpleQueue()
    for task in tasks:
        pump = partial(_pump, client, task, tail, form=partial(form, task), lines=lines, follow=follow)
        Thread(target=pump, daemon=True).start()
    open_logs, refused = len(tasks), False
    while open_logs:
        line = lines.get()
        if isinstance(line, str):
            _write(line)
            continue
        open_logs -= 1
        if isinstance(line, ApiError):
            print_error(line)
            refused = True
        elif line is not None:
            raise line
    return refused


def _pump(
    client: Client,
    task: Task,
    tail: int | None,
    *,
    form: Callable[[str], str],
    lines: "SimpleQueue[str | FedrotaError | None]",
    follow: bool,
) -> None:
    rest = ""
    try:
        for text in read_tail(client, task.id, tail, follow=follow):
            *whole, rest = (rest + text).split("\n")
            for line in whole:
                lines.put(form(line) + "\n")
        if rest:
            lines.put(form(rest) + "\n")
        lines.put(None)
    except FedrotaError as error:
        lines.put(error)


def _leave(*, refused: bool) -> None:
    if refused:
        raise typer.Exit(REFUSED)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
