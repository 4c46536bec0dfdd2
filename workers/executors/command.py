"""Runs commands: an argv in a process and session of its own, with a clean environment."""

import signal
from collections.abc import Sequence
from typing import Any, Final

from scheduler.domain.messages import Assignment, OutputRef
from workers.attachments import AttachmentError, Attachments
from workers.executors.argv import (
    METRICS_FILE,
    attachment_path,
    fill,
    list_attachments,
    parse_command,
    parse_outputs,
    prepare_folders,
    render_environment,
)
from workers.executors.base import AssignmentError, Ending, Handle, Limits, Place, Sink, failure
from workers.executors.loop import ExecutorLoop
from workers.executors.news import NewsFile
from workers.executors.nursery import Nursery
from workers.executors.process_run import ProcessRun
from workers.workdir import seal_file

NEWS_S: Final = 0.25


class CommandExecutor:
    """Starts commands in processes of the nursery."""

    def __init__(
        self, loop: ExecutorLoop, nursery: Nursery, *, limits: Limits, attachments: Attachments | None = None
    ) -> None:
        self.loop = loop
        self.nursery = nursery
        self.limits = limits
        self.attachments = attachments

    def start(self, assignment: Assignment, place: Place, sink: Sink) -> Handle:
        """Run the command of `assignment.run`."""
        run = CommandRun(self, assignment, place=place, sink=sink)
        self.loop.call(run.begin)
        return run


class CommandRun(ProcessRun):
    """A command under way."""

    def __init__(self, executor: CommandExecutor, assignment: Assignment, *, place: Place, sink: Sink) -> None:
        super().__init__(executor.loop, assignment, place=place, sink=sink, limits=executor.limits)
        self._nursery = executor.nursery
        self._attachments = executor.attachments
        self._news = NewsFile(place.workdir / METRICS_FILE, sink)

    def begin(self) -> None:
        """Fill the command, make its folders, fetch the attachments that it names, start it."""
        try:
            given = parse_command(self.assignment.run)
            argv = fill(given, self.assignment, self.place)
            prepare_folders(self.assignment, self.place)
        except AssignmentError as wrong:
            self.finish(failure("invalid", str(wrong)))
            return
        except OSError as wrong:
            self.finish(failure("limit", f"the attempt's folders cannot be made: {wrong}"))
            return
        if names := list_attachments(given):
            self.loop.apart(self._fetch, names, then=lambda problem: self._go_on(argv, problem))
        else:
            self._launch(argv)

    def _fetch(self, names: Sequence[str]) -> str:
        """Why an attachment did not come, or empty; in a thread of its own."""
        if self._attachments is None:
            return "this worker fetches no attachments"
        try:
            for name in names:
                self._attachments.fetch(
                    self.assignment.task,
                    name,
                    attachment_path(self.place, name),
                    is_wanted=lambda: not (self.is_over or self.is_stopped),
                )
        except (AttachmentError, OSError) as wrong:
            return str(wrong)
        return ""

    def _go_on(self, argv: list[str], problem: str) -> None:
        if self.is_stopped:
            self.finish(failure("stopped", "the task was stopped before its command began"))
        elif problem:
            self.finish(failure("unreachable", problem))
        else:
            self._launch(argv)

    def _launch(self, argv: list[str]) -> None:
        environment = render_environment(self.assignment, self.place, mark=self._nursery.mark)
        process = self._nursery.fork()
        workdir = str(self.place.workdir)
        process.send({"t": "command", "argv": argv, "environment": environment, "workdir": workdir})
        self.attach(process)
        self.loop.later(NEWS_S, self._look_for_news)

    def ask_to_end(self) -> None:
        """The polite signal goes to everything that the command has started."""
        if self.process is not None:
            self.process.signal_all(signal.SIGTERM)

    def _look_for_news(self) -> None:
        if not self.is_over:
            self._news.read()
            self.loop.later(NEWS_S, self._look_for_news)

    def on_exit(self, code: int | None) -> None:
        """The command has ended: collect what it declared."""
        self._news.read_rest()
        if code == 0 and not self.is_over:
            self.loop.aside(collect_outputs, self.assignment, self.place, then=self.finish)
        else:
            self.finish(self.judge_exit(code))

    def judge_exit(self, code: int | None) -> Ending:
        """A command says by its exit status how it went."""
        if code is not None and code > 0:
            return failure("exit", f"the command ended with exit status {code}")
        return super().judge_exit(code)


def collect_outputs(assignment: Assignment, place: Place) -> Ending:
    """The ending of a command that ended well: its declared outputs, each a regular file; others are removed."""
    declared = parse_outputs(assignment.run)
    try:
        found = tuple(_collect(place, name, kind) for name, kind in declared.items())
        for file in place.outputs.iterdir():
            if file.name not in declared and (file.is_file() or file.is_symlink()):
                file.unlink()
    except FileNotFoundError as missing:
        return failure("error", str(missing))
    except OSError as wrong:
        return failure("limit", f"the outputs cannot be kept: {wrong}")
    return Ending(outcome="success", outputs=found)


def _collect(place: Place, name: str, kind: str) -> OutputRef:
    size, digest = seal_file(place.outputs / name, name)
    facts: dict[str, Any] = {}
    return OutputRef(name=name, kind=kind, size=size, sha256=digest, facts=facts)
