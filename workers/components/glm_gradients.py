"""What training needs of gradients, however the parties find them; each party learns its own part only."""

from collections.abc import Callable, Sequence
from typing import Protocol

from workers.components.columns import Vector
from workers.components.moments import Columns

Batch = Sequence[int]


class Gradients(Protocol):
    """The sum of the loss's gradients over a batch, for this party's own weights."""

    def prepare(self, columns: Columns, batches: Sequence[Batch], report: Callable[[float], None]) -> None:
        """What is done once, with this party's columns of the samples to train with."""

    def find(self, batch: int, weights: Vector) -> Vector:
        """The gradient with all parties' present weights; every owner calls it at the same time."""

    def find_first(self, batch: int) -> Vector:
        """The gradient where the weights of all parties are zero; takes no messages."""

    def find_target(self, batch: int) -> Vector:
        """The part of the gradient that the labels make, which does not depend on weights."""
