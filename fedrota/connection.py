"""Where the gateway is, who calls, and what a broken connection means; what both clients share."""

import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from fedrota.errors import FedrotaError, NoGatewayError
from fedrota.requests.call import ROOT, Call

DEFAULT_URL: Final = "http://127.0.0.1:9380"
AUTHORITIES: Final = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR"})
"""Variables by which OpenSSL is told whom to trust."""
DEFAULT_TIMEOUT_S: Final = 30.0
UPLOAD_TIMEOUT_S: Final = 600.0
"""How long the party may take to store a table once its last byte is sent."""
PAUSES_S: Final = (0.1, 0.2, 0.4)
"""Waits before a repeatable request is sent again over a new connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The address of a gateway and the caller's token."""

    url: str
    token: str | None = field(repr=False)
    timeout_s: float = DEFAULT_TIMEOUT_S

    def arguments(self) -> dict[str, Any]:
        """What an httpx client wants to know."""
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return {
            "base_url": self.url,
            "headers": headers,
            "timeout": httpx.Timeout(self.timeout_s, connect=min(self.timeout_s, 10.0)),
            # A proxy of the environment is for the outside world; it cannot reach this machine's loopback.
            "trust_env": not _is_loopback(self.url),
            # Without trust in the environment httpx also forgets the authorities that it names.
            "verify": ssl.create_default_context() if AUTHORITIES & os.environ.keys() else True,
        }

    def explain(self, error: httpx.HTTPError) -> FedrotaError:
        """What a failed exchange means, with what to do about it."""
        if isinstance(error, httpx.ConnectTimeout):
            return NoGatewayError(f"{self.url} does not answer: check the address and the network in between")
        if isinstance(error, httpx.ConnectError):
            return NoGatewayError(self._explain_refusal(error))
        if isinstance(error, httpx.TimeoutException):
            return NoGatewayError(
                f"the gateway at {self.url} did not answer within {self.timeout_s:g} s: is it overloaded?"
            )
        return NoGatewayError(f"the connection to {self.url} broke: {str(error) or type(error).__name__}")

    def _explain_refusal(self, error: httpx.ConnectError) -> str:
        if "WRONG_VERSION_NUMBER" in str(error):  # what OpenSSL says to an answer in plain text
            return f"{self.url} does not speak TLS: write http:// where the gateway has no certificate"
        if _is_about_certificate(error):
            return f"the certificate of {self.url} is not trusted ({error}): name its authority's file in SSL_CERT_FILE"
        return f"no gateway at {self.url}: start one with `fedrota up`, or set FEDROTA_URL"


def find_connection(url: str | None, token: str | None, timeout_s: float = DEFAULT_TIMEOUT_S) -> Connection:
    """The connection from arguments, else from the environment, else from the state folder of `fedrota up`."""
    given = url or os.environ.get("FEDROTA_URL") or find_url() or DEFAULT_URL
    chosen = given.rstrip("/").removesuffix(ROOT)  # as the API page writes addresses
    if not _is_address(chosen):
        raise FedrotaError(f"{chosen!r} is no gateway address: write it like {DEFAULT_URL}")
    return Connection(url=chosen, token=_checked(token or find_token()), timeout_s=timeout_s)


def _checked(token: str | None) -> str | None:
    """The token, if a header can hold it; the error does not show it."""
    if token is not None and not (token.isascii() and token.isprintable()):
        raise FedrotaError("the token has characters that no token has: copy it anew, whole")
    return token


def find_url() -> str | None:
    """Where the last `fedrota up` of the state folder serves, or None."""
    try:
        record = json.loads((_state_dir() / "up.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    url = record.get("url") if isinstance(record, dict) else None
    return url if isinstance(url, str) else None


def _state_dir() -> Path:
    return Path(os.environ.get("FEDROTA_STATE_DIR") or ".fedrota")


def find_token() -> str | None:
    """The caller's token: FEDROTA_TOKEN, or the file `token` in the state folder."""
    given = os.environ.get("FEDROTA_TOKEN")
    if given:
        return given.strip()
    path = _state_dir() / "token"
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FedrotaError(f"cannot read the token in {path}: {error.strerror}; set FEDROTA_TOKEN instead") from error


def prepare(http: httpx.Client | httpx.AsyncClient, call: Call[Any]) -> dict[str, Any]:
    """What `http` is given to send `call`; an error if it has been closed."""
    if http.is_closed:
        raise FedrotaError("this client has been closed: make a new one")
    return call.arguments()


def list_pauses(*, repeatable: bool) -> Iterator[float]:
    """Seconds to wait before each repeat."""
    return iter(PAUSES_S if repeatable else ())


def _is_address(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_about_certificate(error: BaseException) -> bool:
    """Whether a certificate error lies at the bottom of it."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLError):
            return True
        below = below.__cause__ or below.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(error)
