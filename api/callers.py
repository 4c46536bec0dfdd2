"""Who calls, and from which address, also where reverse proxies stand in front of the gateway."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from aiohttp import web

from api.keys import PRINCIPAL, SETTINGS
from config.settings import Networks
from scheduler.service.audit import Actor

Address = IPv4Address | IPv6Address

HOPS: Final = "X-Forwarded-For"
_PASSED_ON: Final = (HOPS, "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "Via")


def actor_of(request: web.Request) -> Actor:
    """Who acts, for the audit trail."""
    return Actor(request[PRINCIPAL], find_address(request))


def find_address(request: web.Request) -> str:
    """The client's address: the peer's, or what the last proxy that is trusted says of its own peer."""
    peer = request.remote or ""
    trusted = request.app[SETTINGS].trusted_proxies
    if not trusted or not _is_trusted(peer, trusted):
        return peer
    for hop in _list_hops(request):
        if _parse(hop) is None:
            break  # whoever wrote it, nothing before it can be believed
        peer = hop
        if not _is_trusted(hop, trusted):
            break
    return str(_parse(peer))


def is_passed_on(request: web.Request) -> bool:
    """Whether a proxy stands between the client and the gateway, as far as that can be seen."""
    return any(name in request.headers for name in _PASSED_ON) or _is_trusted(
        request.remote or "", request.app[SETTINGS].trusted_proxies
    )


def _list_hops(request: web.Request) -> Iterator[str]:
    """The addresses that proxies have added, the nearest first."""
    return (hop.strip() for line in reversed(request.headers.getall(HOPS, ())) for hop in reversed(line.split(",")))


def _is_trusted(text: str, trusted: Networks) -> bool:
    address = _parse(text) if trusted else None
    return address is not None and any(address in network for network in trusted)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    """An address, also in brackets or with a port, as some proxies write it; None where it is none."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
