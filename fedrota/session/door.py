"""Commands on their way to the gateway, and its outcomes as FLARE's exceptions."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import httpx

from fedrota.connection import Connection
from fedrota.session import outcomes

FILES: Final = "application/octet-stream"
CALL_HEADER: Final = "X-Flare-Call"
META_HEADER: Final = "X-Flare-Meta"
TRANSFER_S: Final = 600.0
MARGIN_S: Final = 5.0
"""So much longer than a site may take for its part, the gateway may take for the whole."""

_OF_STATUS: Final[Mapping[str, tuple[type[Exception], str]]] = MappingProxyType(
    {
        "syntax_error": (outcomes.InternalError, "protocol error: {}"),
        "not_authorized": (outcomes.AuthorizationError, "user not authorized for the action '{command}': {}"),
        "not_authenticated": (outcomes.AuthenticationError, "{}"),
        "error": (outcomes.InternalError, "error: {}"),
        "internal_error": (outcomes.InternalError, "server internal error: {}"),
        "invalid_target": (outcomes.InvalidTarget, "{}"),
        "invalid_job_def": (outcomes.InvalidJobDefinition, "invalid job definition: {}"),
        "invalid_job_id": (outcomes.JobNotFound, "no such job: {}"),
        "job_running": (outcomes.JobNotDone, "{}"),
        "job_not_running": (outcomes.JobNotRunning, "{}"),
        "clients_running": (outcomes.ClientsStillRunning, "{}"),
        "no_jobs": (outcomes.JobNotFound, "{}"),
        "no_reply": (outcomes.NoReply, "{}"),
        "no_clients": (outcomes.NoClientsAvailable, "{}"),
    }
)


class Reply:
    """A gateway's answer: items as FLARE's wire has them, and the meta."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.items: Sequence[Mapping[str, Any]] = given.get("data") or ()
        self.meta: Mapping[str, Any] = given.get("meta") or {}

    @property
    def text(self) -> str:
        """The text items together."""
        return "".join(str(item.get("data", "")) for item in self.items if item.get("type") in {"string", "success"})

    @property
    def value(self) -> dict[str, Any]:
        """The first object among the items, or an empty one."""
        return next((dict(item["data"]) for item in self.items if item.get("type") == "dict"), {})


class Door:
    """A connection to the gateway's door for sessions; each command is one request."""

    def __init__(self, connection: Connection, *, transport: httpx.BaseTransport | None = None) -> None:
        self._connection = connection
        self._http = httpx.Client(transport=transport, **connection.arguments())
        self.timeout_s: float | None = None

    def close(self) -> None:
        """End it; closing again is harmless."""
        self._http.close()

    def send(
        self, name: str, *words: str, props: Mapping[str, Any] | None = None, timeout_s: float | None = None
    ) -> Reply:
        """The reply to a command; one of `outcomes` where it was refused or the gateway is away."""
        given = {"cmd_timeout": self.timeout_s} if self.timeout_s else {}
        body = {"words": words, "props": {**given, **(props or {})}}
        with self._translating():
            answer = self._http.post(_path(name), json=body, timeout=self._patience(timeout_s))
        return _read(name, answer)

    def upload(self, name: str, *words: str, props: Mapping[str, Any], body: Iterable[bytes]) -> Reply:
        """The reply to a command that brings a file."""
        headers = {"Content-Type": FILES, CALL_HEADER: json.dumps({"words": words, "props": dict(props)})}
        with self._translating():
            answer = self._http.post(_path(name), content=body, headers=headers, timeout=TRANSFER_S)
        return _read(name, answer)

    @contextmanager
    def download(self, name: str, *words: str) -> Iterator[Iterator[bytes]]:
        """The pieces of the file that a command answers with."""
        body = {"words": words, "props": {}}
        with self._translating(), self._http.stream("POST", _path(name), json=body, timeout=TRANSFER_S) as answer:
            if META_HEADER not in answer.headers:
                answer.read()
                _read(name, answer)
                raise outcomes.InternalError(f"protocol error: {name} answered without a file")
            yield answer.iter_bytes()

    def _patience(self, timeout_s: float | None) -> httpx.Timeout:
        seconds = timeout_s or (self.timeout_s + MARGIN_S if self.timeout_s else self._connection.timeout_s)
        return httpx.Timeout(seconds, connect=min(seconds, 10.0))

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise outcomes.NoConnection(str(self._connection.explain(error))) from error


def _path(name: str) -> str:
    return f"/flare/v1/commands/{name}"


def _read(name: str, answer: httpx.Response) -> Reply:
    try:
        given = answer.json()
    except ValueError as wrong:
        raise outcomes.InternalError(f"protocol error: {answer.url} answered no JSON: is it a gateway?") from wrong
    if not isinstance(given, dict) or "meta" not in given:
        raise outcomes.InternalError(f"protocol error: {answer.url} answered {answer.status_code} without an outcome")
    reply = Reply(given)
    if reply.meta.get("status") != "ok":
        raise _make_error(name, reply.meta)
    return reply


def _make_error(name: str, meta: Mapping[str, Any]) -> Exception:
    kind, words = _OF_STATUS.get(str(meta.get("status")), (outcomes.InternalError, "error: {}"))
    if meta.get("existing_job_id"):
        return outcomes.SubmitTokenConflict(str(meta.get("info")), str(meta["existing_job_id"]))
    return kind(words.format(meta.get("info", ""), command=name))
