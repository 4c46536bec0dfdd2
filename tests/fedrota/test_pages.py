"""Pages load the next one only when it is reached."""

from fedrota.pages import AsyncPage, Page


def test_pages_are_loaded_when_reached():
    loaded = []

    def load(cursor):
        loaded.append(cursor)
        return Page(items=(3,), next=None, load=load)

    walk = iter(Page(items=(1, 2), next="c", load=load))
    assert [next(walk), next(walk), loaded] == [1, 2, []]
    assert [next(walk), loaded] == [3, ["c"]]
    assert list(walk) == []


async def test_empty_page_before_a_full_one():
    async def load(cursor):
        return AsyncPage(items=(cursor,), next=None, load=load)

    assert [item async for item in AsyncPage(items=(), next="c", load=load)] == ["c"]
