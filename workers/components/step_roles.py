"""Who is who in a step: one guest, its hosts, perhaps an arbiter."""

from collections.abc import Sequence
from dataclasses import dataclass

from fedrota.component import Context, InvalidInputError, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The members of a step: one guest (with the labels, where features are split), the hosts, perhaps an arbiter."""

    guest: Member
    hosts: Sequence[Member]
    arbiter: Member | None

    @property
    def owners(self) -> list[Member]:
        """The parties with tables, guest first; the same list at every member."""
        return [self.guest, *self.hosts]


def find_roles(context: Context, *, hosts: int | None = None, arbiter: bool = True) -> Roles:
    """The step's roles; InvalidInputError where their numbers do not fit (`hosts`: just so many)."""
    found = {role: [each for each in context.members if each.role == role] for role in ("guest", "host", "arbiter")}
    fits = len(found["guest"]) == 1 and len(found["arbiter"]) <= int(arbiter)
    if not fits or not found["host"] or hosts not in (None, len(found["host"])):
        wanted = f"exactly {hosts}" if hosts else "at least 1"
        raise InvalidInputError(
            f"step {context.step!r} needs exactly 1 guest, {wanted} host and {'at most 1' if arbiter else 'no'} arbiter; "
            f"it has {len(found['guest'])} guest, {len(found['host'])} host and {len(found['arbiter'])} arbiter members: "
            "correct `parties` or `roles`"
        )
    return Roles(guest=found["guest"][0], hosts=found["host"], arbiter=next(iter(found["arbiter"]), None))
