"""What FLARE's commands answer: items and a meta whose `status` and `info` clients act upon."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from api.dialects.flare.command import Reply
from api.dialects.flare.errors import FlareError, MetaStatus


def make_success(text: str = "", *, download: AsyncIterator[bytes] | None = None, **meta: Any) -> Reply:
    """A sentence that says it is done; `meta` members stand beside status and info."""
    return Reply(items=[{"type": "success", "data": text}], meta=_meta(text, meta), download=download)


def make_text(text: str, **meta: Any) -> Reply:
    """Plain text, such as a file's lines."""
    return Reply(items=[{"type": "string", "data": text}], meta=_meta("", meta))


def make_dict(value: Mapping[str, Any], **meta: Any) -> Reply:
    """An object."""
    return Reply(items=[{"type": "dict", "data": dict(value)}], meta=_meta("", meta))


def make_table(rows: Sequence[Sequence[str | None]], **meta: Any) -> Reply:
    """Rows of texts, the first of which names the columns."""
    return Reply(items=[{"type": "table", "rows": [list(row) for row in rows]}], meta=_meta("", meta))


def make_refusal(error: FlareError) -> Reply:
    """Why a command was not carried out."""
    meta = {"status": str(error.status), "info": error.message, **error.members}
    return Reply(items=[{"type": "error", "data": error.message}], meta=meta)


def _meta(text: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": str(MetaStatus.OK), "info": text, **more}


def render_reply(reply: Reply, now: datetime) -> dict[str, Any]:
    """The reply as FLARE's wire has it."""
    return {"time": str(now), "data": list(reply.items), "meta": reply.meta}
