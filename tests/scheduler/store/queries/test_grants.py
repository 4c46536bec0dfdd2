from scheduler.domain.grants import Grant
from scheduler.store.queries.grants import list_grants
from scheduler.store.writes.grants import put_grants


def test_grants_are_listed_by_who_got_them(centre):
    grants = [
        Grant(party="a", grantee="x", kind="component", name="*"),
        Grant(party="b", grantee="x", kind="dataset", name="t", namespace="n"),
        Grant(party="b", grantee="y", kind="component", name="*"),
    ]
    centre.write(lambda tx: put_grants(tx, grants, centre.now))
    assert centre.read(lambda tx: list_grants(tx, grantee="x")) == grants[:2]
    assert centre.read(lambda tx: list_grants(tx, grantee="z")) == []
