"""Frames between the worker, its zygote and the processes of tasks: JSON header and payload over a stream socket.

Standard library only. A frame is two lengths (4 bytes big-endian each), the header, the payload.
"""

import json
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

LENGTHS: Final = struct.Struct(">II")
MAX_HEADER: Final = 16 << 20
MAX_PAYLOAD: Final = 1 << 30
_CHUNK: Final = 1 << 16
"""Read at once; a buffer of 128 KiB and more would be mapped and unmapped for each."""
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
"""Made once: `json.dumps` would make an encoder for each frame."""

Header = dict[str, Any]
Frame = tuple[Header, bytearray]


class LinkError(Exception):
    """What came over the link is no frame."""


class LinkClosedError(LinkError):
    """The other end is gone."""


def encode_header(header: Header) -> bytes:
    """A frame's header as JSON."""
    return _ENCODER.encode(header).encode()


def decode_header(raw: bytes) -> Any:
    """What such JSON says; ValueError where it is none."""
    return json.loads(raw.decode())


def pack_head(header: Header, payload_size: int = 0, *, encode: Callable[[Header], bytes] = encode_header) -> bytes:
    """Everything of a frame but its payload; LinkError where either part is too large.

    The worker, which has more than the standard library, may give a faster way to `encode`.
    """
    head = encode(header)
    if len(head) > MAX_HEADER:
        raise LinkError(f"a {header.get('t', 'frame')} may have at most {MAX_HEADER >> 20} MiB of JSON")
    if payload_size > MAX_PAYLOAD:
        raise LinkError(f"a message may have at most {MAX_PAYLOAD >> 20} MiB")
    return LENGTHS.pack(len(head), payload_size) + head


class FrameReader:
    """Cuts a stream into frames; large payloads go straight into their own buffer."""

    def __init__(self, *, decode: Callable[[bytes], Any] = decode_header) -> None:
        """As for `pack_head`, the worker may give a faster way to `decode` a header."""
        self._decode = decode
        self._buffer = bytearray()
        self._header: Header | None = None
        self._payload = bytearray()
        self._filled = 0

    def fill(self, source: socket.socket) -> list[Frame]:
        """Read once from `source`, give the frames that are whole now; LinkClosedError at its end."""
        if self._header is not None:
            read = source.recv_into(memoryview(self._payload)[self._filled :])
            if not read:
                raise LinkClosedError("the other end is gone")
            self._filled += read
            return self._take_payload()
        chunk = source.recv(_CHUNK)
        if not chunk:
            raise LinkClosedError("the other end is gone")
        self._buffer += chunk
        return self._cut()

    def _take_payload(self) -> list[Frame]:
        if self._header is None or self._filled < len(self._payload):
            return []
        frame = (self._header, self._payload)
        self._header, self._payload, self._filled = None, bytearray(), 0
        return [frame]

    def _cut(self) -> list[Frame]:
        frames: list[Frame] = []
        while self._header is None and len(self._buffer) >= LENGTHS.size:
            head_size, payload_size = LENGTHS.unpack_from(self._buffer)
            if head_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
                raise LinkError("a frame is too large")
            begin = LENGTHS.size + head_size
            if len(self._buffer) < begin:
                break
            header = parse_header(bytes(self._buffer[LENGTHS.size : begin]), decode=self._decode)
            present = self._buffer[begin : begin + payload_size]
            del self._buffer[: begin + payload_size]
            self._header, self._filled = header, len(present)
            self._payload = present if len(present) == payload_size else _grow(present, payload_size)
            frames += self._take_payload()
        return frames


def _grow(begin: bytearray, size: int) -> bytearray:
    whole = bytearray(size)
    whole[: len(begin)] = begin
    return whole


def parse_header(raw: bytes, *, decode: Callable[[bytes], Any] = decode_header) -> Header:
    """A frame's header; LinkError where it is no JSON object."""
    try:
        header = decode(raw)
    except (ValueError, RecursionError) as wrong:
        raise LinkError("a frame's header is not JSON") from wrong
    if not isinstance(header, dict):
        raise LinkError("a frame's header is not an object")
    return header


class BlockingLink:
    """The end of a link in a single-threaded process: send and receive wait."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._reader = FrameReader()
        self._ready: list[Frame] = []

    def send(self, header: Header, *parts: bytes | memoryview) -> None:
        """Send one frame, whose payload is `parts` together; LinkClosedError where nobody reads any more."""
        head = pack_head(header, sum(map(len, parts)))
        try:
            self.sock.sendall(head)
            for part in parts:
                self.sock.sendall(part)
        except (BrokenPipeError, ConnectionResetError) as gone:
            raise LinkClosedError("the other end is gone") from gone

    def recv(self) -> Frame:
        """The next frame; LinkClosedError at the end."""
        while not self._ready:
            try:
                self._ready = self._reader.fill(self.sock)
            except ConnectionResetError as gone:
                raise LinkClosedError("the other end is gone") from gone
        return self._ready.pop(0)
