"""Storing and reading files in pieces, also where the client goes away in the middle."""

import pytest

from api.attachments import read_blob, store_blob
from api.keys import READER
from scheduler.domain.access import Principal, Role
from scheduler.store.queries.attachments import Blob

ME = Principal(name="me", kind="user", role=Role.LEAD, project="p1")


async def chunks(*given, fails=False):
    for chunk in given:
        yield chunk
    if fails:
        raise ConnectionResetError("the client has gone")


async def read(app, blob):
    return b"".join([piece async for piece in read_blob(app, blob)])


async def test_small_chunks_become_one_file(gateway):
    blob = await store_blob(gateway.app, ME, chunks(b"ab", b"", b"c" * 700_000, b"d" * 700_000))
    assert isinstance(blob, Blob)
    assert (await read(gateway.app, blob)) == b"ab" + b"c" * 700_000 + b"d" * 700_000


async def test_an_upload_that_breaks_off_leaves_nothing(gateway):
    with pytest.raises(ConnectionResetError):
        await store_blob(gateway.app, ME, chunks(b"x" * (2 << 20), fails=True))
    count = await gateway.app[READER].read(
        lambda tx: tx.connection.exec_driver_sql("SELECT count(*) FROM blob").scalar()
    )
    assert count == 0
