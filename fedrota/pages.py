"""Lists that come in pages: a page holds its own items, iterating over it goes through the pages after it too."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list; `next` is the cursor of the page after it, None on the last one."""

    items: tuple[T, ...]
    next: str | None
    load: Callable[[str], "Page[T]"] = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[T]:
        """Every item of this page and of all after it, each page loaded when it is reached."""
        page = self
        yield from page.items
        while page.next is not None:
            page = page.load(page.next)
            yield from page.items


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncPage(Generic[T]):
    """A page of a list; `next` is the cursor of the page after it, None on the last one."""

    items: tuple[T, ...]
    next: str | None
    load: Callable[[str], Awaitable["AsyncPage[T]"]] = field(repr=False, compare=False)

    async def __aiter__(self) -> AsyncIterator[T]:
        """Every item of this page and of all after it, each page loaded when it is reached."""
        page = self
        for item in page.items:
            yield item
        while page.next is not None:
            page = await page.load(page.next)
            for item in page.items:
                yield item
