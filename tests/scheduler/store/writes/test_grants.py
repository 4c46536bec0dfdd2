import pytest

from scheduler.domain.grants import Grant
from scheduler.store.queries.grants import list_grants
from scheduler.store.writes.grants import delete_grants, put_grants

ONE = Grant(party="a", grantee="x", kind="dataset", namespace="n", name="t")
TWO = Grant(party="a", grantee="x", kind="dataset", namespace="m", name="t")
OTHER = Grant(party="a", grantee="x", kind="component", name="lr")


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        (ONE, [OTHER, TWO]),
        (Grant(party="a", grantee="x", kind="dataset", namespace="n", name="*"), [OTHER, TWO]),
        (Grant(party="a", grantee="x", kind="dataset", name="*"), [OTHER]),
        (Grant(party="b", grantee="x", kind="dataset", name="*"), [OTHER, TWO, ONE]),
        (Grant(party="a", grantee="y", kind="dataset", name="*"), [OTHER, TWO, ONE]),
    ],
)
def test_what_is_given_twice_is_there_once_and_all_takes_back_every_one(centre, taken, left):
    for _ in range(2):
        centre.write(lambda tx: put_grants(tx, [ONE, TWO, OTHER], centre.now))
    centre.write(lambda tx: delete_grants(tx, [taken]))
    assert centre.read(lambda tx: list_grants(tx, grantee="x")) == left
