"""A kept-alive HTTP/1.1 connection to the gateway: one request at a time, answers cut by llhttp.

The standard library's client reads an answer's few headers with its parser for e-mail, and took more than half of what a
worker's runner does for a single step.
"""

import socket
import ssl
from collections.abc import Mapping
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

CONNECT_S: Final = 5.0
ANSWER_S: Final = 30.0
CHUNK_BYTES: Final = 1 << 16


class Answer:
    """An answer as it comes in."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        """By their names in small letters."""
        self.is_whole = False
        self._is_head_whole = False
        self._body: list[bytes] = []

    @property
    def body(self) -> bytes:
        """What has come of the body."""
        return b"".join(self._body)

    @property
    def ends_with_connection(self) -> bool:
        """Whether nothing else says where its body ends."""
        return self._is_head_whole and not self.headers.keys() & {"content-length", "transfer-encoding"}

    @property
    def is_last(self) -> bool:
        """Whether the other end hangs up after it."""
        return self.ends_with_connection or self.headers.get("connection", "").lower() == "close"

    def on_message_begin(self) -> None:
        """The parser's call: the answer proper may follow an interim one."""
        self.headers, self._body = {}, []
        self.is_whole = self._is_head_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser's call."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The parser's call."""
        self._is_head_whole = True

    def on_body(self, piece: bytes) -> None:
        """The parser's call."""
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """The parser's call."""
        self.is_whole = True


class Connection:
    """Connects at once; OSError from here and from every exchange means that it is of no more use."""

    def __init__(self, host: str, port: int, *, is_secure: bool) -> None:
        self.socket = socket.create_connection((host, port), CONNECT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_secure:
            self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=host)
        self.socket.settimeout(ANSWER_S)
        is_usual = port == (443 if is_secure else 80)
        name = f"[{host}]" if ":" in host else host
        self._host = name if is_usual else f"{name}:{port}"
        self.is_open = True

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request and read its answer; no later one can be sent where `is_open` is false then."""
        said = {"Host": self._host, "Accept-Encoding": "identity", "Content-Length": str(len(body)), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        self.socket.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body)
        try:
            return self._read()
        except (HttpParserError, HttpParserUpgrade) as wrong:
            raise ConnectionError(f"what came is no answer of HTTP/1.1: {wrong}") from wrong

    def _read(self) -> Answer:
        answer = Answer()
        parser = HttpResponseParser(answer)
        # After an interim answer (100, 103) comes the one that counts.
        while not (answer.is_whole and parser.get_status_code() >= 200):
            piece = self.socket.recv(CHUNK_BYTES)
            if piece:
                parser.feed_data(piece)
            elif answer.ends_with_connection and not answer.is_whole:
                break
            else:
                raise ConnectionResetError("the gateway hung up")
        answer.status = parser.get_status_code()
        self.is_open = parser.get_http_version() == "1.1" and not answer.is_last
        return answer

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
