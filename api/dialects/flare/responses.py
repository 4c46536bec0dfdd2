"""What FLARE's commands answer: items and a meta whose `status` and `info` clients act upon."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from api.dialects.flare.command import Reply
from api.dialects.flare.errors import FlareError, MetaStatus

_OF_JOB: Final = frozenset({MetaStatus.JOB_RUNNING, MetaStatus.JOB_NOT_RUNNING, MetaStatus.INVALID_JOB_ID})
"""For these a program's session makes the sentence itself, of the job's id in `info`; a console shows the item."""


def make_success(
    text: str = "",
    *,
    shown: Sequence[dict[str, Any]] = (),
    download: AsyncIterator[bytes] | None = None,
    **meta: Any,
) -> Reply:
    """A sentence that says it is done; `meta` members stand beside status and info.

    FLARE's console shows nothing of a success itself: the sentence and the items `shown` stand before it.
    """
    said = [make_line(text)] if text else []
    return Reply(items=[*said, *shown, {"type": "success", "data": ""}], meta=_meta(text, meta), download=download)


def make_line(text: str) -> dict[str, Any]:
    """An item: a text for who reads the console."""
    return {"type": "string", "data": text}


def make_rows(rows: Sequence[Sequence[str | None]]) -> dict[str, Any]:
    """An item: rows of texts, the first of which names the columns."""
    return {"type": "table", "rows": [list(row) for row in rows]}


def make_text(text: str, **meta: Any) -> Reply:
    """Plain text, such as a file's lines."""
    return Reply(items=[make_line(text)], meta=_meta("", meta))


def make_dict(value: Mapping[str, Any], **meta: Any) -> Reply:
    """An object."""
    return Reply(items=[{"type": "dict", "data": dict(value)}], meta=_meta("", meta))


def make_table(rows: Sequence[Sequence[str | None]], **meta: Any) -> Reply:
    """Rows of texts, the first of which names the columns."""
    return Reply(items=[make_rows(rows)], meta=_meta("", meta))


def make_refusal(error: FlareError, words: Sequence[str] = ()) -> Reply:
    """Why the command with these words was not carried out: the sentence is an item, for most it is `info` too."""
    known = error.members.get("job_id") or next(iter(words), "")
    told = known if known and error.status in _OF_JOB else error.message
    meta = {"status": str(error.status), "info": told, **error.members}
    return Reply(items=[{"type": "error", "data": error.message}], meta=meta)


def _meta(text: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": str(MetaStatus.OK), "info": text, **more}


def render_reply(reply: Reply, now: datetime) -> dict[str, Any]:
    """The reply as FLARE's wire has it."""
    return {"time": str(now), "data": list(reply.items), "meta": reply.meta}
