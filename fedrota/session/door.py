"""Commands on their way to the gateway, and its outcomes as FLARE's exceptions."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import httpx

from fedrota.connection import Connection
from fedrota.session import outcomes
from fedrota.session.lines import join

FILES: Final = "application/octet-stream"
CALL_HEADER: Final = "X-Flare-Call"
META_HEADER: Final = "X-Flare-Meta"
NO_CLIENTS: Final = "no clients available"
TRANSFER_S: Final = 600.0
MARGIN_S: Final = 5.0
"""So much longer than a site may take for its part, the gateway may take for the whole."""

_OF_STATUS: Final[Mapping[str, tuple[type[Exception], str]]] = MappingProxyType(
    {
        "syntax_error": (outcomes.InternalError, "syntax error: {}"),
        "not_authorized": (outcomes.AuthorizationError, "user not authorized for the action '{command}: {}'"),
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
_SAID: Final = frozenset({outcomes.JobNotDone, outcomes.JobNotRunning})
"""For these `info` is the job's id, and the reply's item says more."""


class Reply:
    """A gateway's answer: items as FLARE's wire has them, and the meta."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.items: Sequence[Mapping[str, Any]] = given.get("data") or ()
        self.meta: Mapping[str, Any] = given.get("meta") or {}

    @property
    def text(self) -> str:
        """The text items together."""
        return "".join(str(item.get("data", "")) for item in self.items if item.get("type") in {"string", "success"})

    @property
    def refusal(self) -> str:
        """Why the command was refused."""
        said = next((item.get("data") for item in self.items if item.get("type") == "error"), None)
        return str(said or self.meta.get("info", ""))

    @property
    def value(self) -> dict[str, Any]:
        """The first object among the items, or an empty one."""
        return next((dict(item["data"]) for item in self.items if item.get("type") == "dict"), {})


class Door:
    """A connection to the gateway's door for sessions; each command is one request."""

    def __init__(
        self, connection: Connection, *, study: str = "", transport: httpx.BaseTransport | None = None
    ) -> None:
        self._connection = connection
        self._http = httpx.Client(transport=transport, **connection.arguments())
        self._study = {"study": study} if study else {}
        self.timeout_s: float | None = None

    def close(self) -> None:
        """End it; closing again is harmless."""
        self._http.close()

    def send(
        self, name: str, *words: str, props: Mapping[str, Any] | None = None, timeout_s: float | None = None
    ) -> Reply:
        """The reply to a command; one of `outcomes` where it was refused or the gateway is away."""
        return check(join(name, *words), self.ask(name, *words, props=props, timeout_s=timeout_s))

    def ask(
        self, name: str, *words: str, props: Mapping[str, Any] | None = None, timeout_s: float | None = None
    ) -> Reply:
        """The reply to a command, be it a refusal; NoConnection where the gateway is away."""
        given = {"cmd_timeout": self.timeout_s} if self.timeout_s else {}
        body = {"words": words, "props": {**given, **(props or {})}, **self._study}
        with self._translating():
            return _read(self._http.post(_path(name), json=body, timeout=self._patience(timeout_s)))

    def upload(self, name: str, *words: str, body: Iterable[bytes]) -> Reply:
        """The reply to a command that brings a file; as `send`."""
        return check(join(name, *words), self.ask_upload(name, *words, body=body))

    def ask_upload(self, name: str, *words: str, body: Iterable[bytes]) -> Reply:
        """The reply to a command that brings a file; as `ask`."""
        call = {"words": words, "props": {}, **self._study}
        headers = {"Content-Type": FILES, CALL_HEADER: json.dumps(call)}
        with self._translating():
            return _read(self._http.post(_path(name), content=body, headers=headers, timeout=TRANSFER_S))

    @contextmanager
    def download(self, name: str, *words: str) -> Iterator[Iterator[bytes]]:
        """The pieces of the file that a command answers with; as `send`."""
        with self.ask_download(name, *words) as found:
            if isinstance(found, Reply):
                check(join(name, *words), found)
                raise outcomes.InternalError(f"protocol error: {name} answered without a file")
            yield found

    @contextmanager
    def ask_download(self, name: str, *words: str) -> Iterator[Iterator[bytes] | Reply]:
        """The pieces of the file that a command answers with, or its reply where there is none; as `ask`."""
        body = {"words": words, "props": {}, **self._study}
        with self._translating(), self._http.stream("POST", _path(name), json=body, timeout=TRANSFER_S) as answer:
            if META_HEADER in answer.headers:
                yield answer.iter_bytes()
            else:
                answer.read()
                yield _read(answer)

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


def _read(answer: httpx.Response) -> Reply:
    try:
        given = answer.json()
    except ValueError as wrong:
        raise outcomes.InternalError(f"protocol error: {answer.url} answered no JSON: is it a gateway?") from wrong
    if not isinstance(given, dict) or "meta" not in given:
        raise outcomes.InternalError(f"protocol error: {answer.url} answered {answer.status_code} without an outcome")
    return Reply(given)


def check(line: str, reply: Reply) -> Reply:
    """The reply to a command line; where it is a refusal, the one of `outcomes` that FLARE's client raises."""
    if reply.meta.get("status") != "ok":
        raise _make_error(line, reply)
    return reply


def _make_error(line: str, reply: Reply) -> Exception:
    meta = reply.meta
    status, info = str(meta.get("status")), meta.get("info", "")
    if status == "submit_token_conflict":
        return outcomes.SubmitTokenConflict(info, meta.get("job_id"))
    if status == "submit_token_job_deleted":
        return outcomes.SubmitTokenJobDeleted(
            info, meta.get("job_id"), meta.get("submit_record_state"), meta.get("deleted_time")
        )
    if status == "not_authenticated":
        refused = outcomes.AuthenticationError(f"user not authenticated: {info}")
        vars(refused).update(auth_code=meta.get("auth_code"))  # FLARE's own class takes none before 2.8
        return refused
    if status == "invalid_target" and info == NO_CLIENTS:
        return outcomes.NoClientsAvailable(NO_CLIENTS)
    kind, words = _OF_STATUS.get(status, (outcomes.InternalError, "{status}: {}"))
    return kind(words.format(reply.refusal if kind in _SAID else info, command=line, status=status))
