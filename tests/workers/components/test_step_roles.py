import pytest

from fedrota.component import InvalidInputError, Member, component
from fedrota.simulate import simulate
from workers.components.step_roles import find_roles


def test_roles_come_in_the_owners_order():
    @component("looks", exchange=True)
    def looks(context):
        """Look at the roles."""
        roles = find_roles(context)
        context.summary(
            owners=[each.address for each in roles.owners], arbiter=roles.arbiter == Member("arbiter", "9", 0)
        )

    run = simulate(looks, {"host": ["3", "2"], "guest": ["1"], "arbiter": ["9"]})
    assert run["guest"].summary == {"owners": ["guest.0", "host.0", "host.1"], "arbiter": True}


@pytest.mark.parametrize(
    ("parties", "limits", "text"),
    [
        ({"guest": ["1"]}, {}, "needs exactly 1 guest, at least 1 host and at most 1 arbiter; it has 1 guest, 0 host"),
        ({"guest": ["1"], "host": ["2", "3"]}, {"hosts": 1}, "exactly 1 guest, exactly 1 host"),
        ({"guest": ["1"], "host": ["2"], "arbiter": ["3"]}, {"arbiter": False}, "and no arbiter; it has"),
    ],
)
def test_numbers_that_do_not_fit_are_named(parties, limits, text):
    @component("looks", exchange=True)
    def looks(context):
        """Look at the roles."""
        find_roles(context, **limits)

    with pytest.raises(InvalidInputError, match=text):
        simulate(looks, parties)
