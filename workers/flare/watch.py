"""How far a job is: what FLARE's own session says of it, as figures of the task."""

import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from workers.flare.commands import list_errors
from workers.flare.news import News

FIRST_S: Final = 1.0
"""So long a job that runs may take to answer: a question before that is an error in FLARE's logs."""
STATS_S: Final = 0.5
ERRORS_S: Final = 3.0
KEEP_S: Final = 15.0
"""So seldom statistics are written down: a run of many rounds must not fill the disk with them."""


class Watch:
    """Asks for status, statistics and errors of one job, each as often as it pays."""

    def __init__(self, session: Any, job: str, news: News) -> None:
        self._session = session
        self._job = job
        self._news = news
        self._spec = import_module("nvflare.fuel.flare_api.api_spec")
        self._next_stats = self._next_errors = self._next_kept = 0.0
        self._status = ""
        self.stats: Mapping[str, Any] = {}
        self.has_moved = False

    def look(self) -> str:
        """The job's status now; `has_moved` says whether anything is new since the last look.

        A server too busy to answer once is no failed run: then the status is what it was, and nothing has moved.
        """
        self.has_moved = False
        try:
            self._status = status = str(self._session.get_job_meta(self._job)["status"])
        except self._spec.NoConnection:
            return self._status
        self._news.summary("phase", status)
        now = time.monotonic()
        if status == "RUNNING" and not self._next_stats:
            self._next_stats = self._next_errors = now + FIRST_S
        if status == "RUNNING" and now >= self._next_stats:
            self._next_stats = now + STATS_S
            self._take_stats()
        if status == "RUNNING" and now >= self._next_errors:
            self._next_errors = now + ERRORS_S
            self._take_errors()
        return status

    def _take_stats(self) -> None:
        try:
            found = self._session.show_stats(self._job, "all")
        except list_errors():
            return  # it is about to start, or to end, or too busy; `look` sees a server that is gone
        self.has_moved = found != self.stats
        self.stats = found
        if time.monotonic() >= self._next_kept:
            self._next_kept = time.monotonic() + KEEP_S
            self._news.summary("stats", found)
        current, total = find_round(found), find_total(found)
        if current is not None:
            self._news.point("round", current, int(current))
            self._news.summary("current_round", current)
        if current is not None and total:
            self._news.summary("num_rounds", total)
            self._news.progress(min(1.0, current / total))

    def _take_errors(self) -> None:
        try:
            self._news.summary("errors", self._session.show_errors(self._job, "all"))
        except list_errors():
            return


def find_round(stats: Mapping[str, Any]) -> float | None:
    """The round that the server's workflow is in, from 0; None where it tells none."""
    return _find(stats, "current_round")


def find_total(stats: Mapping[str, Any]) -> float | None:
    """How many rounds there will be."""
    return _find(stats, "num_rounds")


def _find(stats: Mapping[str, Any], name: str) -> float | None:
    server = stats.get("server")
    parts = server.values() if isinstance(server, Mapping) else ()
    found = (part[name] for part in parts if isinstance(part, Mapping) and isinstance(part.get(name), int | float))
    return next(found, None)
