"""Knock messages: what is accepted from the broker, and nothing else."""

import base64
from typing import Any, Final

import orjson

from scheduler.domain.messages import KNOCK_TASK, Knock
from workers.knocks import KnockError, parse_knocks

MAX_MESSAGE: Final = 1 << 20
MAX_ID: Final = 128


def clean_message(raw: bytes) -> str:
    """A broker message made anew from the knocks in it, so that nothing else of it reaches Celery.

    KnockError where `raw` is not a Celery task message (protocol 2, JSON) named `workers.knock` with one argument.
    """
    if len(raw) > MAX_MESSAGE:
        raise KnockError(f"it has {len(raw)} bytes")
    message = _parse_json(raw)
    headers, properties = _get_object(message, "headers"), _get_object(message, "properties")
    if headers.get("task") != KNOCK_TASK:
        raise KnockError("it names another task")
    body = message.get("body")
    if not isinstance(body, str):
        raise KnockError("its body is no text")
    content = _parse_json(_decode(body, properties.get("body_encoding")))
    if not isinstance(content, list) or len(content) != 3:
        raise KnockError("its body is not [args, kwargs, embed]")
    arguments = content[0]
    if not isinstance(arguments, list) or len(arguments) != 1 or content[1] != {}:
        raise KnockError("it has not exactly one argument")
    identity = headers.get("id")
    if not isinstance(identity, str) or not 0 < len(identity) <= MAX_ID:
        raise KnockError("its id is no text")
    return render_message(identity, parse_knocks(arguments[0]))


def render_message(identity: str, knocks: list[Knock]) -> str:
    """The plainest Celery message that carries `knocks`."""
    body = orjson.dumps([[[knock.to_wire() for knock in knocks]], {}, {}])
    return orjson.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"lang": "py", "task": KNOCK_TASK, "id": identity, "root_id": identity, "retries": 0},
            "properties": {
                "correlation_id": identity,
                "body_encoding": "base64",
                "delivery_tag": identity,
                "delivery_info": {"exchange": "", "routing_key": ""},
                "delivery_mode": 1,
                "priority": 0,
            },
        }
    ).decode()


def _parse_json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except ValueError as wrong:
        raise KnockError("it is not JSON") from wrong


def _get_object(message: Any, key: str) -> dict[str, Any]:
    found = message.get(key) if isinstance(message, dict) else None
    if not isinstance(found, dict):
        raise KnockError(f"it has no object {key!r}")
    return found


def _decode(body: str, encoding: object) -> bytes:
    if encoding != "base64":
        raise KnockError("its body is not in base64")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as wrong:
        raise KnockError("its body is not in base64") from wrong
