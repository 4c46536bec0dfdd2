"""How long leases last and how patient the centre is: what the use cases need of the settings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Durations in seconds; meanings as in the settings of the same names."""

    heartbeat_s: float = 5.0
    lease_s: float = 60.0
    dispatch_lease_s: float = 30.0
    offline_s: float = 20.0
    offline_grace_s: float = 3600.0
    reserve_after_s: float = 10.0
    poison_deaths: int = 2
    """Not a duration: at so many deaths of a party's worker over a step, the step is given up."""

    def lease_until(self, now: datetime) -> datetime:
        """Until when a running task is believed without another word."""
        return now + timedelta(seconds=self.lease_s)

    def knock_until(self, now: datetime) -> datetime:
        """Until when a knock may stay unanswered."""
        return now + timedelta(seconds=self.dispatch_lease_s)


def patience_from(settings: Settings) -> Patience:
    """The durations that an operator set."""
    return Patience(
        heartbeat_s=settings.heartbeat_s,
        lease_s=settings.lease_s,
        dispatch_lease_s=settings.dispatch_lease_s,
        offline_s=settings.offline_s,
        offline_grace_s=settings.offline_grace_s,
        reserve_after_s=settings.reserve_after_s,
        poison_deaths=settings.poison_deaths,
    )
