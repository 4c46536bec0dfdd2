"""Failed logins: whoever fails too often waits, and nobody else."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import Final

from scheduler.domain.errors import BusyError

TOKEN_FAILURES: Final = 5
"""Different secrets that an address may try for one token id, or tries of one wrong token."""
ADDRESS_FAILURES: Final = 50
"""Different tokens that an address may try."""
FAILURES_S: Final = 60.0
ADDRESSES: Final = 4096
ID_CHARS: Final = 16
IPV6_PREFIX: Final = 64
"""One host has as many IPv6 addresses as it likes, all with the same beginning."""


@dataclass(frozen=True, slots=True)
class _Failure:
    at: float
    id: str
    digest: bytes


class Throttle:
    """Counts failed logins by address and token id; time is monotonic seconds.

    A proxy that is not known as one gives all its clients one address. So few failures shut out only the token id that
    they name, and many the address; a token that was good a moment ago is never asked for here (see `Gate`).
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, list[_Failure]] = OrderedDict()

    def check(self, address: str, token: str, digest: bytes) -> None:
        """BusyError where the address has failed too often, at all or with this token."""
        failed = self._recent(_find_block(address))
        ours = [failure for failure in failed if failure.id == _find_id(token)]
        if _count_different(ours) >= TOKEN_FAILURES or [each.digest for each in ours].count(digest) >= TOKEN_FAILURES:
            self._refuse(ours, f"too many failed logins with this token from {address}")
        if _count_different(failed) >= ADDRESS_FAILURES:
            self._refuse(failed, f"too many failed logins from {address}")

    def count(self, address: str, token: str, digest: bytes) -> None:
        """Note a failed login."""
        block = _find_block(address)
        failed = self._recent(block)[-2 * ADDRESS_FAILURES :]
        self._failures[block] = [*failed, _Failure(self._clock(), _find_id(token), digest)]
        self._failures.move_to_end(block)
        while len(self._failures) > ADDRESSES:
            self._failures.popitem(last=False)

    def _recent(self, block: str) -> list[_Failure]:
        since = self._clock() - FAILURES_S
        return [failure for failure in self._failures.get(block, ()) if failure.at > since]

    def _refuse(self, failed: Sequence[_Failure], words: str) -> None:
        wait_s = max(1.0, failed[0].at + FAILURES_S - self._clock())
        raise BusyError(f"{words}: try again later", retry_after_s=wait_s)


def _count_different(failed: Sequence[_Failure]) -> int:
    return len({failure.digest for failure in failed})


def _find_id(token: str) -> str:
    """The public part of a token; what is no token has none, and shares one count."""
    prefix, _, rest = token.partition("_")
    return rest.partition("_")[0][:ID_CHARS] if prefix == "frt" else ""


def _find_block(address: str) -> str:
    """What counts as one address."""
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((address.partition("%")[0], IPV6_PREFIX), strict=False))
    except ValueError:
        return address
