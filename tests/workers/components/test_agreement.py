import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.agreement import Profile, agree
from workers.components.secure_sum import SumPlan

PARTIES = {"guest": ["9999"], "host": ["10000", "10001"]}


def run_agreement(profiles, parties=PARTIES):
    """Let every member agree; what each found, and what each was told."""
    told = {}

    @component("agrees", exchange=True)
    def agrees(context):
        """Agree."""
        data = [member for member in context.members if member.role != "arbiter"]
        adder = context.members[-1] if "arbiter" in parties else context.members[0]
        plan = SumPlan(contributors=data, aggregator=adder)
        try:
            found = agree(context, plan, profiles[context.me.address])
        except InvalidInputError as error:
            told[context.me.address] = str(error)
        else:
            context.summary(features=found)

    run = simulate(agrees, parties)
    return {member: run[member].summary.get("features") for member in run}, told


def test_equal_profiles_agree_and_an_arbiter_learns_the_features():
    same = Profile(features=["a", "b"], settings={"rounds": 3})
    profiles = dict.fromkeys(("guest.0", "host.0", "host.1"), same)
    profiles["arbiter.0"] = Profile(features=(), settings={"rounds": 3})
    found, told = run_agreement(profiles, {**PARTIES, "arbiter": ["1"]})
    assert set(map(tuple, found.values())) == {("a", "b")}
    assert told == {}


@pytest.mark.parametrize(
    ("features", "settings", "text"),
    [
        (["a"], {"rounds": 3}, "party 10001 lacks b, compared with party 9999: give the same `columns`"),
        (["a", "b", "c"], {"rounds": 3}, "party 10001 has c in addition"),
        (
            ["b", "a"],
            {"rounds": 3},
            "party 10001 has the features of party 9999 in another order (b, a instead of a, b)",
        ),
        (["a", "b"], {"rounds": 4}, "rounds is 4 at party 10001 but 3 at party 9999"),
        (["a", "b"], {}, "rounds is None at party 10001 but 3 at party 9999"),
    ],
)
def test_a_difference_is_told_to_everybody(features, settings, text):
    same = Profile(features=["a", "b"], settings={"rounds": 3})
    profiles = {"guest.0": same, "host.0": same, "host.1": Profile(features=features, settings=settings)}
    found, told = run_agreement(profiles)
    assert set(found.values()) == {None}
    assert set(told) == {"guest.0", "host.0", "host.1"}
    assert all(text in said for said in told.values())
