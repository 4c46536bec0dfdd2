import numpy as np
import pytest

from fedrota.component import InvalidInputError, Member, PeerError, component
from fedrota.simulate import simulate
from workers.components.masking import decode
from workers.components.secure_sum import SecureSum, SumPlan, plan_sums

GUEST, ARBITER = Member("guest", "1", 0), Member("arbiter", "9", 0)
HOSTS = [Member("host", str(place + 2), place) for place in range(3)]


def make_adder(plan: SumPlan, vectors, turns: int = 2):
    @component("adder", exchange=True)
    def adder(context):
        """Add up."""
        sums = SecureSum(context, plan)
        for turn in range(1, turns + 1):
            vector = vectors.get(context.me)
            found = sums.add_up(None if vector is None else vector * turn)
            context.summary(**{f"turn{turn}": found})

    return adder


def list_roles(members) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for member in members:
        roles.setdefault(member.role, []).append(member.party)
    return roles


@pytest.mark.parametrize(
    ("contributors", "aggregator", "masked"),
    [
        ([GUEST], GUEST, False),
        ([GUEST, HOSTS[0]], GUEST, False),
        ([GUEST, *HOSTS[:2]], GUEST, True),
        ([GUEST, *HOSTS], GUEST, True),
        ([GUEST, HOSTS[0]], ARBITER, True),
        ([GUEST, *HOSTS[:2]], ARBITER, True),
    ],
)
def test_every_member_gets_the_right_sum(contributors, aggregator, masked):
    plan = SumPlan(contributors=contributors, aggregator=aggregator)
    assert plan.masked is masked
    vectors = {member: np.random.default_rng(place).normal(size=5) for place, member in enumerate(contributors)}
    run = simulate(make_adder(plan, vectors), list_roles({**dict.fromkeys(contributors), aggregator: None}))
    wanted = sum(vectors.values())
    for result in run.values():
        assert np.allclose(result.summary["turn1"], wanted, atol=1e-12)
        assert np.allclose(result.summary["turn2"], 2 * wanted, atol=1e-12)


def test_no_part_that_travels_shows_the_vector_where_masks_are_on():
    plan = SumPlan(contributors=[GUEST, *HOSTS[:2]], aggregator=GUEST)
    vectors = {member: np.arange(4.0) for member in plan.contributors}
    run = simulate(make_adder(plan, vectors), list_roles(plan.contributors))
    parts = [message.value for message in run.messages if message.name == "part"]
    assert len(parts) == 4
    for part in parts:
        assert np.abs(decode(part)).min() > 1e6


def test_without_masks_the_plan_says_plainly_what_shows():
    plan = SumPlan(contributors=[GUEST, HOSTS[0]], aggregator=GUEST)
    assert "Not hidden" in plan.describe()
    vectors = {member: np.arange(4.0) for member in plan.contributors}
    run = simulate(make_adder(plan, vectors, turns=1), list_roles(plan.contributors))
    assert [decode(m.value).tolist() for m in run.messages if m.name == "part"] == [[0, 1, 2, 3]]


def test_two_data_parties_with_an_arbiter_are_warned_too():
    text = SumPlan(contributors=[GUEST, HOSTS[0]], aggregator=ARBITER).describe()
    assert "Masked in pairs: arbiter.0" in text
    assert "with two data parties each can work out the other's" in text


def test_a_party_that_drops_out_ends_the_attempt_and_says_why():
    plan = SumPlan(contributors=[GUEST, *HOSTS[:2]], aggregator=GUEST)
    heard = []

    @component("drops", exchange=True)
    def drops(context):
        """Leave after the masks are agreed upon."""
        sums = SecureSum(context, plan)
        if context.me == HOSTS[1]:
            raise RuntimeError("gone")
        try:
            sums.add_up(np.ones(2))
        except PeerError as error:
            heard.append(str(error))
            raise

    with pytest.raises(RuntimeError, match="gone"):
        simulate(drops, list_roles(plan.contributors))
    assert len(heard) == 2
    assert all("this attempt ends; a new one starts from the beginning" in text for text in heard)


def test_vectors_of_different_length_are_an_error():
    plan = SumPlan(contributors=[GUEST, *HOSTS[:2]], aggregator=GUEST)
    vectors = {GUEST: np.ones(2), HOSTS[0]: np.ones(3), HOSTS[1]: np.ones(2)}
    with pytest.raises(InvalidInputError, match=r"differ in length: \[2, 3\]"):
        simulate(make_adder(plan, vectors), list_roles(plan.contributors))


def test_a_number_that_is_not_finite_is_an_error_of_its_party():
    plan = SumPlan(contributors=[GUEST, HOSTS[0]], aggregator=GUEST)
    vectors = {GUEST: np.ones(1), HOSTS[0]: np.array([np.nan])}
    with pytest.raises(InvalidInputError, match="party 2 cannot add up its numbers"):
        simulate(make_adder(plan, vectors), list_roles(plan.contributors))


@pytest.mark.parametrize(
    ("parties", "aggregator"),
    [({"guest": ["1"], "host": ["2", "3"]}, GUEST), ({"guest": ["1"], "host": ["2", "3"], "arbiter": ["9"]}, ARBITER)],
)
def test_the_arbiter_adds_where_there_is_one(parties, aggregator):
    found = []

    @component("plans")
    def plans(context):
        """Plan."""
        found.append(plan_sums(context))

    simulate(plans, parties)
    assert found[0] == SumPlan(contributors=[GUEST, *HOSTS[:2]], aggregator=aggregator)
