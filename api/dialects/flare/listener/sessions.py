"""Session tokens: sealed, bound to the client's certificate, good for a time; every gateway can check them."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from scheduler.service.seal import Seal, SealError

SESSION_S: Final = 7 * 86_400.0
ENDED: Final = 10_000
"""So many tokens whose sessions were ended are remembered; the certificate is asked for with every command anyway."""


class Sessions:
    """The sessions of one gateway; time is epoch seconds."""

    def __init__(self, seal: Seal, *, clock: Callable[[], float] = time.time) -> None:
        self._seal = seal
        self._clock = clock
        self._ended: OrderedDict[str, None] = OrderedDict()

    def open(self, serial: int) -> str:
        """A token for the holder of the certificate with this serial number."""
        return self._seal.close(f"flare {serial:x} {self._clock():.0f}")

    def is_open(self, token: str, serial: int) -> bool:
        """Whether the token is of this certificate's holder, not too old, and its session not ended."""
        if not token or not token.isascii() or token in self._ended:
            return False
        try:
            kind, holder, since = self._seal.open(token).split(" ")
            age_s = self._clock() - float(since)
        except (SealError, ValueError):
            return False
        return kind == "flare" and holder == f"{serial:x}" and -60 <= age_s < SESSION_S - 60

    def end(self, token: str) -> None:
        """Take the token no more."""
        self._ended[token] = None
        while len(self._ended) > ENDED:
            self._ended.popitem(last=False)
