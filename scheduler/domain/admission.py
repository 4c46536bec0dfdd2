"""Which ready steps start now: all parties of a step at once or none, by priority, then age, with backfill."""

from collections.abc import Iterable, Mapping, Sequence

from scheduler.domain.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A ready step: how many slots it needs at each party; `waited_s` since it became ready.

    A gang needs running slots everywhere; any other step only room in each party's dispatch window.
    """

    step: str
    needs: Mapping[str, int]
    gang: bool
    waited_s: float


@valueclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A party's room: `running` slots are in use by running tasks and started gangs, `live` by all knocked ones.

    `closed` is the reason why the party takes nothing now (offline, drained), or empty.
    """

    slots: int
    running: int
    live: int
    closed: str = ""

    @property
    def window(self) -> int:
        """How many tasks may be knocked at the party at once, ahead of its slots."""
        return max(16, 2 * self.slots)


@valueclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What admission says of one candidate: it starts, or waits for the `reason`."""

    step: str
    starts: bool
    reason: str = ""


@valueclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Slots of a party that are kept for steps which have waited long; `step` is the first of them."""

    step: str
    slots: int


def find_open(rooms: Mapping[str, Room], held: Mapping[str, Kept]) -> set[str]:
    """The parties that have room for one slot's work, whoever's it is; no step that needs another party can start."""
    return {
        party
        for party, room in rooms.items()
        if not room.closed and room.live < room.window and not _is_kept(room, held.get(party), 1)
    }


def _is_kept(room: Room, kept: Kept | None, need: int, *, taken: int = 0) -> bool:
    """Whether `need` more slots would take some that are kept; what is knocked takes a slot sooner or later."""
    return kept is not None and room.slots - room.live - taken - kept.slots < need


def _say_busy(party: str, room: Room, free: int, need: int) -> str:
    needed = f", {need} are needed" if need > 1 else ""
    return f"party {party} has {free} of {room.slots} slots free{needed}"


class _Ledger:
    """Slots and window places left at each party in this pass."""

    def __init__(self, rooms: Mapping[str, Room], held: dict[str, Kept]) -> None:
        self.rooms = rooms
        self.taken_running = dict.fromkeys(rooms, 0)
        self.taken_live = dict.fromkeys(rooms, 0)
        self.held = held

    def obstacle(self, party: str, need: int, *, gang: bool) -> str:
        """Why `party` cannot take `need` more slots, or empty."""
        room = self.rooms.get(party)
        if room is None:
            return f"party {party} is not registered"
        if room.closed:
            return room.closed
        if _is_kept(room, self.held.get(party), need, taken=self.taken_live[party]):
            return f"party {party} is kept free for step {self.held[party].step}, which has waited longer"
        if need > room.slots:
            return f"party {party} has {room.slots} slots in all, {need} are needed"
        if gang:
            free = room.slots - room.running - self.taken_running[party]
            return "" if free >= need else _say_busy(party, room, max(free, 0), need)
        left = room.window - room.live - self.taken_live[party]
        # Without a number that changes from pass to pass: the reason is stored anew where it changes.
        return "" if left >= need else f"party {party} takes at most {room.window} tasks at once, waiting or running"

    def take(self, candidate: Candidate) -> None:
        for party, need in candidate.needs.items():
            self.taken_live[party] += need
            if candidate.gang:
                self.taken_running[party] += need

    def hold(self, candidate: Candidate) -> None:
        """Keep for the candidate what it needs, and leave the rest to others.

        One that waits for what is kept keeps nothing itself: it is the next to do so.
        """
        if any(self._waits_behind(party, need) for party, need in candidate.needs.items()):
            return
        for party, need in candidate.needs.items():
            kept = self.held.get(party, Kept(step=candidate.step, slots=0))
            self.held[party] = Kept(step=kept.step, slots=kept.slots + need)

    def _waits_behind(self, party: str, need: int) -> bool:
        return _is_kept(self.rooms[party], self.held.get(party), need, taken=self.taken_live[party])


def admit(
    candidates: Iterable[Candidate],
    rooms: Mapping[str, Room],
    *,
    reserve_after_s: float,
    held: dict[str, Kept] | None = None,
) -> Sequence[Verdict]:
    """A verdict on every candidate, which come in the order of their rank.

    A lower-ranked step may pass a blocked one (backfill) until that one has waited `reserve_after_s`
    seconds; from then on the slots that it needs at its parties are kept for it, so it cannot starve.
    `held` (by party) carries what is kept from one page of candidates to the next.
    """
    ledger = _Ledger(rooms, {} if held is None else held)
    verdicts = []
    for candidate in candidates:
        obstacles = (ledger.obstacle(party, need, gang=candidate.gang) for party, need in candidate.needs.items())
        reason = next(filter(None, obstacles), "")
        if not reason:
            ledger.take(candidate)
        elif candidate.waited_s >= reserve_after_s and _may_hold(candidate, rooms):
            ledger.hold(candidate)
        verdicts.append(Verdict(step=candidate.step, starts=not reason, reason=reason))
    return verdicts


def _may_hold(candidate: Candidate, rooms: Mapping[str, Room]) -> bool:
    """A step that waits for a closed or too small party must not idle the others."""
    return all(
        party in rooms and not rooms[party].closed and need <= rooms[party].slots
        for party, need in candidate.needs.items()
    )
