"""Which steps start: all parties or none, by rank, with backfill, and nobody starves."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.admission import Candidate, Room, admit


def gang(step, waited_s=0.0, **needs):
    return Candidate(step=step, needs=needs, gang=True, waited_s=waited_s)


def loose(step, waited_s=0.0, **needs):
    return Candidate(step=step, needs=needs, gang=False, waited_s=waited_s)


def room(slots=4, running=0, live=None, closed=""):
    return Room(slots=slots, running=running, live=running if live is None else live, closed=closed)


def verdicts(candidates, rooms, held=None):
    """{step: "" where it starts, else the reason}."""
    found = admit(candidates, rooms, reserve_after_s=10.0, held=held)
    assert [item.step for item in found] == [item.step for item in candidates]
    return {item.step: "" if item.starts else item.reason for item in found}


def test_a_gang_starts_only_where_all_parties_have_the_slots():
    rooms = {"a": room(), "b": room(running=3)}
    assert verdicts([gang("x", a=1, b=1)], rooms) == {"x": ""}
    assert verdicts([gang("x", a=1, b=2)], rooms) == {"x": "party b has 1 of 4 slots free, 2 are needed"}


def test_a_gang_that_cannot_start_takes_nothing_from_the_next():
    rooms = {"a": room(slots=1), "b": room(slots=1, running=1)}
    assert verdicts([gang("x", a=1, b=1), gang("y", a=1)], rooms) == {"x": "party b has 0 of 1 slots free", "y": ""}


def test_rank_decides_who_gets_the_last_slot():
    rooms = {"a": room(slots=1)}
    found = verdicts([gang("first", a=1), gang("second", a=1)], rooms)
    assert found == {"first": "", "second": "party a has 0 of 1 slots free"}


def test_steps_without_exchange_run_ahead_of_slots_up_to_the_window():
    candidates = [loose(f"s{n}", a=1) for n in range(20)]
    found = verdicts(candidates, {"a": room(slots=1)})
    assert [step for step, reason in found.items() if not reason] == [f"s{n}" for n in range(16)]
    assert found["s16"] == "party a takes at most 16 tasks at once, waiting or running"
    assert room(slots=20).window == 40


def test_knocked_tasks_do_not_take_a_gangs_slots_but_count_in_the_window():
    rooms = {"a": room(slots=2, running=0, live=16)}
    assert verdicts([gang("x", a=2)], rooms) == {"x": ""}
    assert verdicts([loose("x", a=1)], rooms) == {"x": "party a takes at most 16 tasks at once, waiting or running"}


def test_a_party_that_is_closed_unknown_or_too_small_says_so():
    rooms = {"a": room(closed="party a is drained"), "b": room(slots=2)}
    assert verdicts([loose("x", a=1)], rooms) == {"x": "party a is drained"}
    assert verdicts([loose("x", z=1)], rooms) == {"x": "party z is not registered"}
    assert verdicts([loose("x", b=3)], rooms) == {"x": "party b has 2 slots in all, 3 are needed"}


def test_a_younger_small_step_passes_a_blocked_one_until_that_has_waited_long_enough():
    rooms = {"a": room(slots=4, running=2), "b": room()}
    small = gang("small", a=1)
    assert verdicts([gang("big", waited_s=9.9, a=4), small], rooms)["small"] == ""
    found = verdicts([gang("big", waited_s=10.0, a=4, b=1), small, gang("at-b", b=4)], rooms)
    assert found["small"] == "party a is kept free for step big, which has waited longer"
    assert found["at-b"] == "party b is kept free for step big, which has waited longer"


def test_only_the_slots_that_a_blocked_step_needs_are_kept():
    rooms = {"small": room(slots=1, running=1), "large": room(slots=3)}
    blocked = [gang(f"blocked{n}", waited_s=60, small=1, large=1) for n in range(5)]
    found = verdicts([*blocked, gang("x", large=1), loose("y", large=1), loose("z", large=1)], rooms)
    assert (found["x"], found["y"]) == ("", "")
    assert found["z"] == "party large is kept free for step blocked0, which has waited longer"


def test_what_is_knocked_may_take_a_kept_slot_and_counts():
    rooms = {"a": room(slots=4, running=4), "b": room(slots=4, running=0, live=3)}
    found = verdicts([gang("blocked", waited_s=60, a=1, b=1), loose("x", b=1)], rooms)
    assert found["x"] == "party b is kept free for step blocked, which has waited longer"


def test_what_is_kept_on_one_page_is_kept_on_the_next():
    rooms = {"a": room(slots=4, running=2)}
    held = {}
    verdicts([gang("big", waited_s=60, a=4)], rooms, held)
    assert verdicts([gang("small", a=1)], rooms, held)["small"].startswith("party a is kept free for step big")


def test_a_step_that_waits_for_an_absent_party_does_not_idle_the_others():
    rooms = {"a": room(slots=1), "b": room(closed="party b is offline"), "c": room(slots=1)}
    hopeless = [gang("x", waited_s=999, a=1, b=1), gang("y", waited_s=999, a=1, z=1), gang("z", waited_s=999, a=1, c=2)]
    assert verdicts([*hopeless, gang("young", a=1)], rooms)["young"] == ""


PARTIES = ("a", "b", "c")
ROOMS = st.fixed_dictionaries(
    {
        party: st.builds(
            lambda slots, running, knocked, closed: Room(slots=slots, running=running, live=running + knocked, closed=closed),
            st.integers(1, 6), st.integers(0, 6), st.integers(0, 16), st.sampled_from(["", "", "", "closed"]),
        )
        for party in PARTIES
    }
)  # fmt: skip
CANDIDATES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(PARTIES), st.integers(1, 3), min_size=1), st.booleans(), st.sampled_from([0.0, 60.0])
    ),
    max_size=12,
).map(lambda rows: [Candidate(step=f"s{n}", needs=needs, gang=gang, waited_s=waited)
                    for n, (needs, gang, waited) in enumerate(rows)])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(CANDIDATES, ROOMS)
def test_never_more_gang_slots_than_a_party_has_nor_more_knocks_than_its_window(candidates, rooms):
    started = [c for c, v in zip(candidates, admit(candidates, rooms, reserve_after_s=10.0), strict=True) if v.starts]
    for party, its in rooms.items():
        gangs = sum(c.needs.get(party, 0) for c in started if c.gang)
        ahead = sum(c.needs.get(party, 0) for c in started if not c.gang)
        assert not gangs or its.running + gangs <= its.slots
        assert not ahead or its.live + ahead <= its.window
        assert not (its.closed and gangs + ahead)


@settings(max_examples=200, deadline=None)
@given(CANDIDATES, ROOMS)
def test_everyone_has_a_verdict_and_who_waits_has_a_reason(candidates, rooms):
    found = admit(candidates, rooms, reserve_after_s=10.0)
    assert [item.step for item in found] == [item.step for item in candidates]
    assert all(item.starts != bool(item.reason) for item in found)


@settings(max_examples=300, deadline=None)
@given(CANDIDATES, ROOMS)
def test_whoever_holds_slots_gets_them_when_what_is_live_has_ended(candidates, rooms):
    held = {}
    verdict = {v.step: v for v in admit(candidates, rooms, reserve_after_s=10.0, held=held)}
    for party, kept in held.items():
        first = next(c for c in candidates if c.step == kept.step)
        behind = candidates[candidates.index(first) + 1 :]
        later = sum(c.needs.get(party, 0) for c in behind if verdict[c.step].starts)
        assert not later or later + first.needs[party] <= rooms[party].slots - rooms[party].live


@settings(max_examples=300, deadline=None)
@given(CANDIDATES, ROOMS)
def test_the_longest_waiting_possible_step_starts_as_soon_as_its_parties_are_empty(candidates, rooms):
    """Where nothing runs, the first step that can run at all does run: nothing idles for ever."""
    empty = {party: Room(slots=its.slots, running=0, live=0, closed=its.closed) for party, its in rooms.items()}
    possible = [
        c for c in candidates if all(not empty[p].closed and need <= empty[p].slots for p, need in c.needs.items())
    ]
    started = {item.step for item in admit(candidates, empty, reserve_after_s=10.0) if item.starts}
    assert not possible or possible[0].step in started


class Town:
    """Parties that work off what admission starts, a second at a time; a knocked task waits for its slot in turn."""

    def __init__(self, slots, draw):
        self.slots, self.draw, self.second, self.waiting, self.live = slots, draw, 0, [], []

    def submit(self):
        parties = self.draw.sample(sorted(self.slots), self.draw.randint(1, 2))
        needs = {party: self.draw.randint(1, self.slots[party]) for party in parties}
        self.waiting.append((self.second, Candidate(step=f"s{self.second}-{len(self.waiting)}", needs=needs,
                                                    gang=self.draw.random() < 0.5, waited_s=0.0)))  # fmt: skip

    def run(self):
        """Admit by age, then let a second pass at every party."""
        asked = [replace(each, waited_s=self.second - since) for since, each in self.waiting]
        rooms = {party: self.room(party) for party in self.slots}
        started = {v.step for v in admit(asked, rooms, reserve_after_s=10.0) if v.starts}
        for each in asked:
            if each.step in started:
                self.live += [[party, need, each.gang, self.draw.randint(1, 9)] for party, need in each.needs.items()]
        self.waiting = [(since, each) for since, each in self.waiting if each.step not in started]
        for party in self.slots:
            self.work(party)
        self.second += 1

    def room(self, party):
        its = [task for task in self.live if task[0] == party]
        begun = {id(task) for task in self.begun(party)}
        running = sum(task[1] for task in its if task[2] or id(task) in begun)
        return Room(slots=self.slots[party], running=running, live=sum(task[1] for task in its))

    def begun(self, party):
        """What has its slots: gangs at once, the others in the order of their knocks."""
        free, begun = self.slots[party], []
        for task in sorted((task for task in self.live if task[0] == party), key=lambda task: not task[2]):
            if task[1] > free and not task[2]:
                break
            free -= task[1]
            begun.append(task)
        return begun

    def work(self, party):
        for task in self.begun(party):
            task[3] -= 1
        self.live = [task for task in self.live if task[3] > 0]


@pytest.mark.parametrize("seed", range(6))
def test_nobody_starves_however_much_younger_work_comes(seed):
    town = Town({"a": 1, "b": 2, "c": 4, "d": 8}, random.Random(seed))
    for _ in range(40):
        town.submit()
        town.run()
    oldest = {each.step for _, each in town.waiting}
    for _ in range(400):
        town.submit()
        town.run()
    assert len(oldest) > 5
    assert not {each.step for _, each in town.waiting} & oldest
