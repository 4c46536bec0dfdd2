from dataclasses import replace

from scheduler.store.queries.tags import Tag, find_tag
from scheduler.store.writes.tags import delete_tag, detach_tag, put_tag


def test_a_tag_is_stored_replaced_by_its_id_and_deleted(centre):
    tag = Tag(id="1", project="p", name="a", notes="", owner="me", created=centre.now, modified=centre.now)
    centre.write(lambda tx: put_tag(tx, tag))
    changed = replace(tag, name="b", notes="n")
    centre.write(lambda tx: put_tag(tx, changed))
    assert centre.read(lambda tx: (find_tag(tx, "p", "a"), find_tag(tx, "p", "b"))) == (None, changed)
    centre.write(lambda tx: detach_tag(tx, "1", "no model"))
    for _ in range(2):
        centre.write(lambda tx: delete_tag(tx, "1"))
    assert centre.read(lambda tx: find_tag(tx, "p", "b")) is None
