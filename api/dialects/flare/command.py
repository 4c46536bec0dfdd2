"""A command, how it comes, what it answers; three doors lead to it: the session's, the text listener's, the bridge's."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from scheduler.domain.access import Principal
from scheduler.domain.studies import Study

PUSH_FOLDER: Final = "file_transfer.push_folder"
"""The client's own handler that sends a folder with the command."""
PULL_FOLDER: Final = "file_transfer.pull_folder"
"""The one that fetches a folder file by file, with `pull_binary`."""
DEFAULT_STUDY: Final = "default"
"""The one that everybody works in who names none: the caller's project with all its parties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command as it came: who calls, its words after the name, its properties, its upload if it has one.

    In a study the caller acts in the study's own project, and has none of its parties but the study's sites.
    """

    app: web.Application
    by: Principal
    study: Study | None = None
    words: Sequence[str]
    props: dict[str, Any] = field(default_factory=dict)
    upload: AsyncIterator[bytes] | None = None

    @property
    def study_name(self) -> str:
        """FLARE's name of where the caller works."""
        return DEFAULT_STUDY if self.study is None else self.study.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command answers: items as FLARE's wire has them (`{"type", "data"}`), the meta, and a download."""

    items: Sequence[dict[str, Any]] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    download: AsyncIterator[bytes] | None = None


Serve = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command; `client_cmd` names the client's own handler for those that move files."""

    name: str
    scope: str
    serve: Serve
    usage: str
    client_cmd: str | None = None
    is_visible: bool = True
