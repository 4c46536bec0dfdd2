"""The worker's calls to the gateway: one kept-alive connection, used by one thread at a time."""

from collections.abc import Callable
from typing import Final, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from scheduler.domain.messages import HELLO_PATH, SYNC_PATH, Hello, SyncReply, SyncRequest, Welcome
from workers.agent_messages import WireError, parse_object, parse_sync_reply, parse_welcome, render
from workers.connection import Connection

_REFUSED: Final = frozenset({400, 413, 422})
"""What the gateway says of a call that it will never take. Any other no, as 404, comes from something on the way to it,
such as a proxy that does not find it while it is being replaced: a report must outlive that."""
_HELLO: Final = frozenset({409, 426})
LONGEST_PAUSE_S: Final = 60.0
"""Our gateway never says to stay away longer; a proxy's page about maintenance may, and leases would run out meanwhile."""


Answer = TypeVar("Answer")


class GatewayAwayError(Exception):
    """No answer, or one that says to try again; `after_s` where the gateway says when."""

    def __init__(self, reason: str, *, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s


class HelloNeededError(Exception):
    """The gateway does not know us (any more), or does not want us: say hello again."""


class TokenRefusedError(HelloNeededError):
    """The gateway does not know the token, or it has expired or was revoked."""


class UnwelcomeError(HelloNeededError):
    """The gateway knows the token, and it is not one for this party's worker: no later call will change that."""


class RefusedError(Exception):
    """The gateway understands the call and will never take it as it is."""


class GatewayPort(Protocol):
    """The gateway as the runner uses it; see `Gateway`."""

    def hello(self, hello: Hello) -> Welcome:
        """Introduce this worker."""
        ...

    def sync(self, request: SyncRequest) -> SyncReply:
        """Pass on what has piled up."""
        ...

    def close(self) -> None:
        """Drop the connection."""


class Gateway:
    """The agent's part of the gateway's API."""

    def __init__(self, url: str, token: str, *, party: str = "") -> None:
        """`party` is whom this worker takes itself for: the gateway refuses a hello with another party's token."""
        self._hello_path = HELLO_PATH + (f"?{urlencode({'party': party})}" if party else "")
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"gateway URL {url!r}: must begin with http:// or https:// and name a host")
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._is_secure else 80)
        self._prefix = quote(parts.path.rstrip("/"), safe="/%")
        if not (token.isascii() and token.isprintable()):
            raise ValueError("the worker's token has characters that no token has: copy it anew")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection: Connection | None = None

    def hello(self, hello: Hello) -> Welcome:
        """Introduce this worker."""
        return self._understood(parse_welcome, self._post(self._hello_path, render(hello)))

    def sync(self, request: SyncRequest) -> SyncReply:
        """Pass on what has piled up; sending the same again is harmless."""
        return self._understood(parse_sync_reply, self._post(SYNC_PATH, render(request)))

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _understood(parse: Callable[[bytes], Answer], raw: bytes) -> Answer:
        try:
            return parse(raw)
        except WireError as wrong:
            raise GatewayAwayError(str(wrong)) from wrong

    def _post(self, path: str, body: bytes) -> bytes:
        is_fresh = self._connection is None
        try:
            return self._exchange(path, body)
        except OSError as wrong:
            self.close()
            if is_fresh:
                raise GatewayAwayError(f"{type(wrong).__name__}: {wrong}") from wrong
        return self._post(path, body)  # the kept connection was stale: once more with a new one

    def _exchange(self, path: str, body: bytes) -> bytes:
        if self._connection is None:
            self._connection = Connection(self._host, self._port, is_secure=self._is_secure)
        answer = self._connection.post(self._prefix + path, body, self._headers)
        if not self._connection.is_open:
            self.close()
        if answer.status == 200:
            return answer.body
        raise _make_error(answer.status, answer.body, answer.headers.get("retry-after", ""))


def _make_error(status: int, raw: bytes, retry_after: str) -> Exception:
    reason = f"{status}: {_find_message(raw)}"
    if status == 403:
        return UnwelcomeError(reason)
    if status == 401:
        return TokenRefusedError(reason)
    if status in _HELLO:
        return HelloNeededError(reason)
    if status in _REFUSED:
        return RefusedError(reason)
    return GatewayAwayError(reason, after_s=_parse_pause(retry_after))


def _parse_pause(text: str) -> float:
    """Seconds of Retry-After; its other form, a date, is passed over."""
    return min(float(text), LONGEST_PAUSE_S) if text.isascii() and text.isdecimal() else 0.0


def _find_message(raw: bytes) -> str:
    """The message in an error's body, or the body's beginning."""
    try:
        error = parse_object(raw).get("error", {})
    except WireError:
        return raw[:200].decode(errors="replace")
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)
