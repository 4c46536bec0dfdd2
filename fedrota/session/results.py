"""What a session asks of jobs under way and of those that have ended: figures, errors, logs, results."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fedrota.session import outcomes
from fedrota.session.jobs import check_id
from fedrota.session.link import Link
from fedrota.session.packing import choose_place, unpack
from fedrota.session.system import make_words

LOG_FILE: Final = "log.txt"


class Results(Link):
    """The methods of a session on what jobs do and leave; names, arguments and exceptions are FLARE's."""

    def download_job_result(self, job_id: str, destination: str | None = None) -> str:
        """Fetch what a finished job has left; the folder's path. JobNotDone before its end."""
        return self._fetch("download_job", job_id, destination)

    def list_job_components(self, job_id: str) -> list[str]:
        """What a job has left beside its result, such as `ERRORLOG_site-1`."""
        return list(self.door.send("list_job", check_id(job_id)).meta.get("job_components", ()))

    def download_job_components(self, job_id: str) -> str:
        """Fetch what `list_job_components` lists; the folder's path."""
        return self._fetch("download_job_components", job_id, None)

    def _fetch(self, command: str, job_id: str, destination: str | None) -> str:
        job_id = check_id(job_id)
        with self.door.download(command, job_id) as pieces:
            place = choose_place(Path(destination or self.download_dir), job_id)
            unpack(pieces, place)
        return str(place)

    def show_stats(self, job_id: str, target_type: str, targets: list[str] | None = None) -> dict[str, Any]:
        """Figures of a running job's components by target; JobNotRunning, InvalidTarget."""
        return self._collect("show_stats", job_id, target_type, targets)

    def show_errors(self, job_id: str, target_type: str, targets: list[str] | None = None) -> dict[str, Any]:
        """Errors of a running job's components by target; JobNotRunning, InvalidTarget."""
        return self._collect("show_errors", job_id, target_type, targets)

    def reset_errors(self, job_id: str) -> None:
        """Forget the errors of a running job."""
        self._collect("reset_errors", job_id, "all", None)

    def _collect(self, command: str, job_id: Any, target_type: str, targets: Sequence[str] | None) -> dict[str, Any]:
        if not isinstance(job_id, str):
            raise TypeError(f"job_id must be str but got {type(job_id)}.")
        if not job_id:
            raise ValueError("job_id is required but not specified.")
        return self.door.send(command, job_id, *make_words(target_type, targets)).value

    def do_app_command(self, job_id: str, topic: str, cmd_data: Any) -> dict[str, Any]:
        """Have a running job's app carry out a command; what it returns. ValueError where the data are no JSON."""
        if cmd_data:
            try:
                json.dumps(cmd_data)
            except (TypeError, ValueError) as wrong:
                raise ValueError(f"cmd_data cannot be JSON serialized: {wrong}") from wrong
        return self.door.send("app_command", check_id(job_id), topic, props={"cmd_props": cmd_data}).value

    def get_job_logs(
        self,
        job_id: str,
        target: str = "server",
        tail_lines: int | None = None,
        grep_pattern: str | None = None,
        log_file_name: str = LOG_FILE,
    ) -> dict[str, Any]:
        """The logs of a job by target (`server`, `all` or a site), and why others are `unavailable`."""
        if not isinstance(target, str) or not target:  # type: ignore[redundant-expr]  # scripts have no types
            raise ValueError("target must be a non-empty str")
        words = [] if log_file_name == LOG_FILE else [log_file_name]
        found = self.door.send("get_job_log", check_id(job_id), target, *words).value
        logs = {name: _choose_lines(text, tail_lines, grep_pattern) for name, text in found.get("logs", {}).items()}
        return {**found, "logs": logs}


def _choose_lines(text: str, tail_lines: int | None, grep_pattern: str | None) -> str:
    lines = text.splitlines(keepends=True)
    if grep_pattern:
        try:
            wanted = re.compile(grep_pattern)
        except re.error as wrong:
            raise outcomes.InvalidArgumentError(f"grep_pattern {grep_pattern!r} is no pattern: {wrong}") from wrong
        lines = [line for line in lines if wanted.search(line)]
    if tail_lines is not None:
        lines = lines[-tail_lines:] if tail_lines > 0 else []
    return "".join(lines)
