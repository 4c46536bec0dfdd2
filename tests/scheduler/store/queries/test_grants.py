import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.domain.grants import Grant
from scheduler.store.queries.grants import ClientView, find_client, get_client, list_clients, list_grants
from scheduler.store.writes.credentials import insert_client
from scheduler.store.writes.grants import put_grants


def add(centre, name, client):
    view = ClientView(
        id=client, name=name, role="lead", org="o", project="p", created=centre.now, expires=None, revoked=None
    )
    centre.write(lambda tx: insert_client(tx, view, f"sealed-{client}"))
    return view


def test_clients_are_found_by_id_and_listed_the_oldest_first(centre):
    first = add(centre, "one", "c1")
    centre.wait(1)
    second = add(centre, "two", "c2")
    assert centre.read(lambda tx: find_client(tx, "c1")) == (first, "sealed-c1")
    assert centre.read(lambda tx: find_client(tx, "c3")) is None
    assert centre.read(list_clients) == [first, second]
    assert centre.read(lambda tx: get_client(tx, "c2")) == second
    with pytest.raises(NotFoundError, match="there is no client 'c3'"):
        centre.read(lambda tx: get_client(tx, "c3"))


def test_grants_are_listed_by_who_got_them(centre):
    grants = [
        Grant(party="a", grantee="x", kind="component", name="*"),
        Grant(party="b", grantee="x", kind="dataset", name="t", namespace="n"),
        Grant(party="b", grantee="y", kind="component", name="*"),
    ]
    centre.write(lambda tx: put_grants(tx, grants, centre.now))
    assert centre.read(lambda tx: list_grants(tx, grantee="x")) == grants[:2]
    assert centre.read(lambda tx: list_grants(tx, grantee="z")) == []
