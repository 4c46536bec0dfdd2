"""Whether the gateway knows this worker: the hello, its answer, and what to do about a refusal."""

from collections.abc import Callable
from typing import Final

import structlog

from scheduler.domain.messages import Hello, Welcome
from workers.backoff import Pauses
from workers.gateway import (
    GatewayAwayError,
    GatewayPort,
    HelloNeededError,
    RefusedError,
    TokenRefusedError,
    UnwelcomeError,
)

log = structlog.get_logger(__name__)

ADVICE: Final = (
    "`fedrota tokens create NAME --party PARTY` makes a new token: start the worker again with it; "
    "below `fedrota up`, `fedrota down` and `fedrota up` do both"
)
"""What helps where the gateway does not take the token."""


class Greeting:
    """Says hello, as often as it takes; used in the runner's thread, but for reads of its two facts."""

    def __init__(
        self,
        gateway: GatewayPort,
        make_hello: Callable[[], Hello],
        *,
        pauses: Pauses,
        on_welcome: Callable[[Welcome, bool], None],
        give_up: Callable[[], None],
    ) -> None:
        """`on_welcome` is told too whether the gateway is another installation's than before."""
        self._gateway = gateway
        self._make_hello = make_hello
        self._pauses = pauses
        self._on_welcome = on_welcome
        self._give_up = give_up
        self._run_id = self._cause = self._hint = ""
        self._refused_calls = 0
        self.welcome: Welcome | None = None
        """What the gateway said last; None until it has answered once."""
        self.problem = ""
        """Why the gateway cannot be reached or does not want us; empty while all is well."""

    @property
    def is_due(self) -> bool:
        """Whether to say hello before anything else."""
        return self.welcome is None or bool(self.problem)

    @property
    def is_doubtful(self) -> bool:
        """Whether a gateway that greeted us has still refused the next call."""
        return self._refused_calls > 1

    def take_refused_call(self, reason: str) -> None:
        """The gateway wants a hello before it takes a call: at once, but after a pause where the last one was in vain."""
        self.problem = reason
        self._refused_calls += 1
        if self.is_doubtful:
            self._pauses.take("hello_again", reason)

    def take_accepted_call(self) -> None:
        """The gateway took a call: it knows us."""
        self._refused_calls = 0

    def say_hello(self) -> None:
        """Introduce the worker; after a refusal wait."""
        try:
            welcome = self._gateway.hello(self._make_hello())
        except (GatewayAwayError, HelloNeededError, RefusedError) as wrong:
            self._take_refusal(wrong)
            return
        log.info("welcome", party=welcome.party, slots=welcome.slots, run_id=welcome.run_id)
        self.problem = self._cause = self._hint = ""
        is_other = self._run_id not in {"", welcome.run_id}
        if is_other:
            log.warning("other_installation", was=self._run_id, now=welcome.run_id)
        self._run_id, self.welcome = welcome.run_id, welcome
        self._on_welcome(welcome, is_other)

    def _take_refusal(self, wrong: GatewayAwayError | HelloNeededError | RefusedError) -> None:
        """Try again later; end a worker that was never welcome and has another party's token or a user's."""
        if isinstance(wrong, UnwelcomeError) and self.welcome is None:
            log.critical("worker_unwelcome", reason=str(wrong), hint="look at FEDROTA_PARTY and FEDROTA_TOKEN")
            self._give_up()
        is_cause = not isinstance(wrong, GatewayAwayError)
        # Whoever is refused again and again is told to wait in the end; what was wrong is still the token.
        self.problem = f"{wrong} (first: {self._cause})" if self._cause and not is_cause else str(wrong)
        if is_cause:
            self._cause, self._hint = str(wrong), ADVICE if isinstance(wrong, TokenRefusedError) else ""
        self._pauses.take("hello_failed", self.problem, after_s=getattr(wrong, "after_s", 0.0), hint=self._hint)
