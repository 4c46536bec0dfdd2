"""The gateway as the bridge knows it: a challenge, a login, commands with or without files."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from fedrota.bridge.errors import AwayError, RefusedError
from fedrota.bridge.members import Login
from fedrota.bridge.protocol import Command
from fedrota.connection import Connection

CHALLENGE: Final = "/flare/v1/challenge"
LOGIN: Final = "/flare/v1/login"
LOGOUT: Final = "/flare/v1/logout"
FILES: Final = "application/octet-stream"
CALL_HEADER: Final = "X-Flare-Call"
META_HEADER: Final = "X-Flare-Meta"
MARGIN_S: Final = 0.5
"""So much earlier than the client gives up, the bridge does, and so can say why."""
LOGIN_S: Final = 4.0
CONNECTIONS: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The reply to a command; `pieces` are the file that came with it."""

    items: list[Any]
    meta: Mapping[str, Any]
    pieces: Iterator[bytes] | None = None


class Gateway:
    """One gateway; callers may use it from any thread."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._connection = Connection(url=url, token=None)
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._http = httpx.Client(transport=transport, limits=limits, **self._connection.arguments())

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def ask_challenge(self) -> str:
        """A text for a client to sign; AwayError where the gateway gives none."""
        given = self._post(CHALLENGE, {})
        return str(self._pick(given, "nonce"))

    def log_in(self, certificate: bytes, nonce: str, signature: bytes) -> Login:
        """Who signed the challenge; RefusedError with the gateway's reason where it takes them not."""
        body = {
            "certificate": certificate.decode("ascii", "replace"),
            "nonce": nonce,
            "signature": base64.b64encode(signature).decode(),
        }
        given = self._post(LOGIN, body)
        user, bearer, expires = (self._pick(given, name) for name in ("user", "token", "expires"))
        return Login(user=str(user), bearer=str(bearer), expires=float(expires))

    def log_out(self, login: Login) -> None:
        """End the login at the gateway."""
        with self._translating(LOGIN_S):
            self._read(self._http.post(LOGOUT, headers=_sign(login), timeout=LOGIN_S))

    @contextmanager
    def carry_out(
        self, login: Login, command: Command, body: Iterator[bytes] | None = None, *, study: str = ""
    ) -> Iterator[Answer]:
        """The answer to a command; its pieces must be read inside. AwayError where it does not come (whole)."""
        call = {"words": list(command.words), "props": dict(command.props), **({"study": study} if study else {})}
        headers = _sign(login)
        sent: dict[str, Any] = {"json": call}
        if body is not None:
            headers |= {"Content-Type": FILES, CALL_HEADER: json.dumps(call)}
            sent = {"content": body}
        patience_s = max(1.0, command.timeout_s - MARGIN_S)
        path = f"/flare/v1/commands/{_quote(command.name)}"
        with (
            self._translating(patience_s),
            self._http.stream("POST", path, headers=headers, timeout=patience_s, **sent) as answer,
        ):
            yield self._parse(answer)

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        with self._translating(LOGIN_S):
            return self._read(self._http.post(path, json=body, timeout=LOGIN_S))

    @contextmanager
    def _translating(self, patience_s: float) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as wrong:
            message = f"the gateway did not answer within {patience_s:g} s; a longer time may be set with set_timeout"
            raise AwayError(message) from wrong
        except httpx.HTTPError as wrong:
            raise AwayError(str(self._connection.explain(wrong))) from wrong

    def _parse(self, answer: httpx.Response) -> Answer:
        if META_HEADER in answer.headers:
            return Answer(items=[], meta=json.loads(answer.headers[META_HEADER]), pieces=answer.iter_bytes())
        answer.read()
        given = self._read(answer)
        return Answer(items=list(self._pick(given, "data")), meta=dict(self._pick(given, "meta")))

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            given = answer.json()
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise self._no_gateway()
        if answer.is_success:
            return given
        error = given.get("error")
        message = str(error.get("message", "")) if isinstance(error, dict) else f"status {answer.status_code}"
        raise RefusedError(message) if answer.status_code in {401, 403, 422} else AwayError(message)

    def _pick(self, given: Mapping[str, Any], name: str) -> Any:
        if name not in given:
            raise self._no_gateway()
        return given[name]

    def _no_gateway(self) -> AwayError:
        return AwayError(f"what answers at {self._connection.url} is no gateway with FLARE's interface")


def _sign(login: Login) -> dict[str, str]:
    return {"Authorization": f"Flare {login.bearer}"}


def _quote(name: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in name[:100])
