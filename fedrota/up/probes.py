"""Whether a process is ready: questions asked of the process itself, never of a log line."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

Probe = Callable[[int], Awaitable[bool]]
"""Asked with the pid of the process again and again until it says yes."""

ANSWER_S = 2.0


def pings(port: int, password: str) -> Probe:
    """The broker on the loopback port answers PING."""

    async def probe(_pid: int) -> bool:
        question = f"*2\r\n$4\r\nAUTH\r\n${len(password)}\r\n{password}\r\n*1\r\n$4\r\nPING\r\n"
        answer = await _exchange("127.0.0.1", port, question.encode(), lines=2)
        return answer.endswith(b"+PONG\r\n")

    return probe


def serves(url: str, path: str) -> Probe:
    """The path of the URL answers 200, and the process itself listens on the URL's port.

    Several gateways share one port; asking whose socket it is tells them apart. The system's sockets are looked
    through last: there may be thousands.
    """
    port = port_of(url)

    async def probe(pid: int) -> bool:
        return _status(await _get(url, path, "")) == 200 and await asyncio.to_thread(listens, pid, port)

    return probe


def opens(port: int) -> Probe:
    """The process itself listens on the port."""

    async def probe(pid: int) -> bool:
        return await asyncio.to_thread(listens, pid, port)

    return probe


def is_connected(port: int) -> Probe:
    """The process holds a connection to that port."""

    async def probe(pid: int) -> bool:
        return await asyncio.to_thread(_has_link, pid, port)

    return probe


async def is_alive(_pid: int) -> bool:
    """Nothing is asked: the process was started."""
    return True


def is_online(url: str, party: str, token: Path) -> Probe:
    """The gateway says that the party's worker is online, and the process is connected."""
    connected = is_connected(port_of(url))

    async def probe(pid: int) -> bool:
        secret = await asyncio.to_thread(token.read_text)
        party_now = await _get_json(url, f"/fedrota/v1/parties/{party}", secret.strip())
        return bool(party_now.get("online")) and await connected(pid)

    return probe


def port_of(url: str) -> int:
    """The port that the URL names or implies."""
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}.get(parts.scheme, 0)


def listens(pid: int, port: int) -> bool:
    """Whether the process listens on the port."""
    return any(link.status == psutil.CONN_LISTEN and link.laddr.port == port for link in _links(pid))


def _has_link(pid: int, port: int) -> bool:
    return any(link.raddr and link.raddr.port == port for link in _links(pid))


def _links(pid: int) -> list[Any]:
    try:
        return list(psutil.Process(pid).net_connections("tcp"))
    except psutil.Error:
        return []


async def _get_json(url: str, path: str, token: str) -> dict[str, Any]:
    answer = await _get(url, path, token)
    try:
        found = json.loads(answer.partition(b"\r\n\r\n")[2]) if _status(answer) == 200 else {}
    except ValueError:  # the gateway ended in the middle of its answer
        return {}
    return found if isinstance(found, dict) else {}


def _status(answer: bytes) -> int:
    words = answer.partition(b"\r\n")[0].split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


async def _get(url: str, path: str, token: str) -> bytes:
    """The whole answer of a GET over HTTP/1.0, so that its body comes in one piece; empty where there is none."""
    parts = urlsplit(url)
    lines = [f"GET {path} HTTP/1.0", f"Host: {parts.netloc}"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    question = "\r\n".join([*lines, "", ""]).encode()
    return await _exchange(parts.hostname or "127.0.0.1", port_of(url), question, tls=parts.scheme == "https")


async def _exchange(host: str, port: int, question: bytes, *, lines: int = 0, tls: bool = False) -> bytes:
    """Send and read until the end, or until so many lines; empty when nobody answers in time."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(host, port, ssl=_unverified() if tls else None)
            try:
                writer.write(question)
                return b"".join([await reader.readline() for _ in range(lines)]) if lines else await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return b""


def _unverified() -> ssl.SSLContext:
    """For readiness only; no token goes to a gateway before its socket was seen to be our own child's."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
