"""The requests about files that jobs carry."""

import httpx

from fedrota.attachments import Attachment, Upload
from fedrota.errors import BrokenReplyError
from fedrota.requests.call import Call, get, make_path
from fedrota.responses import one, parse_json, parse_nothing, parse_record


def put_attachment(*, size: int | None) -> Call[Upload]:
    """The request that carries a file's bytes, which its sender adds; `size` is in bytes, None where unknown."""
    headers = {"Content-Type": "application/octet-stream"}
    if size is not None:
        headers["Content-Length"] = str(size)
    return Call(method="POST", path="/attachments", headers=headers, parse=one(Upload))


def attachments(job: str) -> Call[tuple[Attachment, ...]]:
    """List the files that a job carries."""
    return get(make_path("jobs", job, "attachments"), _parse_all)


def _parse_all(response: httpx.Response) -> tuple[Attachment, ...]:
    raw = parse_json(response)
    if not isinstance(raw, list):
        raise BrokenReplyError(f"{response.url} answered with something else than a list of attachments")
    return tuple(parse_record(Attachment, item) for item in raw)


def stream_attachment(job: str, name: str) -> Call[None]:
    """The request for an attachment's bytes as a stream."""
    return Call(method="GET", path=make_path("jobs", job, "attachments", name), parse=parse_nothing)
