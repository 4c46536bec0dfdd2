"""Pieces of work in one transaction that ask the database together and then go on, one after the other."""

from collections.abc import Generator
from typing import Generic, TypeAlias, TypeVar, cast

Result = TypeVar("Result")
First = TypeVar("First")
Second = TypeVar("Second")

Work: TypeAlias = Generator[None, None, Result]
"""Yields wherever it has asked (`Tx.ask`) and wants the answers next, so that others may ask meanwhile."""


class _Begun(Generic[Result]):
    """A work on its way."""

    def __init__(self, work: Work[Result]) -> None:
        self._work = work
        self._result: Result | None = None
        self.is_done = False

    def go_on(self) -> None:
        if not self.is_done:
            try:
                next(self._work)
            except StopIteration as end:
                self._result, self.is_done = end.value, True

    @property
    def result(self) -> Result:
        return cast(Result, self._result)


def both(first: Work[First], second: Work[Second]) -> Work[tuple[First, Second]]:
    """Both works in turns, the first always ahead."""
    one, two = _Begun(first), _Begun(second)
    while True:
        one.go_on()
        two.go_on()
        if one.is_done and two.is_done:
            return one.result, two.result
        yield


def complete(work: Work[Result]) -> Result:
    """What a work comes to that nobody else asks beside."""
    begun = _Begun(work)
    while not begun.is_done:
        begun.go_on()
    return begun.result
