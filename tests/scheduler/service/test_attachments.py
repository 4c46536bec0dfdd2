"""Uploaded files: whole ones may be attached, forgotten ones go, attached ones stay."""

from datetime import timedelta

from scheduler.service.attachments import UNATTACHED, add_piece, begin_blob, drop_blob, end_blob
from scheduler.store.queries.attachments import find_blobs, find_piece
from tests.scheduler.centre import step


def store(centre, body=b"abc"):
    blob = centre.write(lambda tx: begin_blob(tx, owner="me", project="p", now=centre.now))
    centre.write(lambda tx: add_piece(tx, blob, 0, body))
    centre.write(lambda tx: end_blob(tx, blob, size=len(body), sha256="x"))
    return blob


def is_there(centre, blob):
    return blob in centre.read(lambda tx: find_blobs(tx, [blob]))


def test_a_file_is_there_once_it_is_whole(centre):
    blob = centre.write(lambda tx: begin_blob(tx, owner="me", project="p", now=centre.now))
    assert not is_there(centre, blob)
    centre.write(lambda tx: end_blob(tx, blob, size=0, sha256="x"))
    assert is_there(centre, blob)


def test_storing_a_piece_again_changes_nothing(centre):
    blob = store(centre)
    centre.write(lambda tx: add_piece(tx, blob, 0, b"abc"))
    assert centre.read(lambda tx: find_piece(tx, blob, 0)) == b"abc"


def test_a_dropped_file_leaves_no_piece(centre):
    blob = store(centre)
    centre.write(lambda tx: drop_blob(tx, blob))
    assert centre.rows("SELECT count(*) FROM blob_piece") == [(0,)]


def test_files_that_nobody_attached_go_after_a_day_and_attached_ones_stay(centre):
    loose, attached = store(centre), store(centre)
    centre.submit(step("s"), attachments={"f": attached})
    centre.wait((UNATTACHED + timedelta(minutes=1)).total_seconds())
    fresh = store(centre)
    assert [is_there(centre, blob) for blob in (loose, attached, fresh)] == [False, True, True]
