"""Idempotency keys."""

import pytest

from scheduler.store.queries.idempotency import KeyUse, find_keys
from scheduler.store.work import complete
from scheduler.store.writes.idempotency import insert_keys


def test_a_key_belongs_to_its_owner(centre):
    use = KeyUse("me", "k", "digest", "job")
    centre.write(lambda tx: insert_keys(tx, [use], centre.now))
    assert centre.read(lambda tx: complete(find_keys(tx, [("me", "k"), ("me", "other")]))) == {("me", "k"): use}
    centre.write(lambda tx: insert_keys(tx, [KeyUse("her", "k", "digest", "job2")], centre.now))
    both = [("me", "k"), ("her", "k")]
    assert set(centre.read(lambda tx: complete(find_keys(tx, both)))) == set(both)
    assert set(centre.read(lambda tx: complete(find_keys(tx, both[:1])))) == {("me", "k")}


def test_a_key_is_taken_once(centre):
    use = KeyUse("me", "k", "digest", "job")
    centre.write(lambda tx: insert_keys(tx, [use], centre.now))
    with pytest.raises(Exception, match=r"(?i)unique"):
        centre.write(lambda tx: insert_keys(tx, [use], centre.now))
    assert len(centre.rows("SELECT * FROM idempotency")) == 1
