"""The chained audit trail."""

import hashlib

import orjson
import pytest

from scheduler.service.audit import note
from tests.scheduler.centre import ADMIN


def check_chain(centre):
    """Recompute the chain from what is stored; the number of rows."""
    last = ""
    rows = centre.rows("SELECT at, who, token_id, address, action, object, outcome, hash FROM audit ORDER BY id")
    for at, *said, found in rows:
        from datetime import UTC, datetime

        words = [last, datetime.fromtimestamp(at, UTC).isoformat(), *said]
        last = hashlib.sha256(orjson.dumps(words)).hexdigest()
        assert found == last
    return len(rows)


def test_the_audit_trail_is_chained_and_a_changed_row_shows(centre):
    before = check_chain(centre)
    for n in range(3):
        centre.write(lambda tx, n=n: note(tx, ADMIN, "do", f"thing-{n}", now=centre.now, outcome="refused"))
    assert check_chain(centre) == before + 3
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET who = 'nobody' WHERE object = 'thing-1'")
    with pytest.raises(AssertionError):
        check_chain(centre)


def test_the_chain_holds_when_many_write_at_once(centre):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: _note_three(centre, n), range(24)))
    assert check_chain(centre) == 72 + 2


def _note_three(centre, n):
    with centre.store.write() as tx:
        for m in range(3):
            note(tx, ADMIN, "do", f"{n}-{m}", now=centre.now)
