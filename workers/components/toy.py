"""The component that tries the way between the parties: they add up random vectors and check the sum."""

from typing import Final

import numpy as np

from fedrota.component import Context, Member, component
from workers.components.secure_sum import SecureSum, SumPlan

DISCLOSURE: Final = (
    ("every party", "the sum of random vectors; no data is read", "none"),
    ("the centre", "that the parties can reach each other, and how long the vectors are", "none"),
)
TOLERANCE: Final = 1e-9


@component(
    "toy",
    params={
        "length": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "default": 8,
            "description": "Numbers in each party's vector.",
        },
        "rounds": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "default": 1,
            "description": "How many sums are made.",
        },
        "seed": {
            "type": "integer",
            "minimum": 0,
            "maximum": 2**32 - 1,
            "default": 0,
            "description": "Where the random vectors start; must be the same at every party.",
        },
    },
    exchange=True,
)
def toy(context: Context) -> None:
    """Add up a random vector of every party over the exchange and check the result.

    It shows that the parties reach each other: it works with any roles and any number of parties, one included.
    """
    length, rounds, seed = (context.params[name] for name in ("length", "rounds", "seed"))
    plan = SumPlan(contributors=context.members, aggregator=context.members[0])
    context.log(plan.describe() if len(context.members) > 1 else "alone in this step: nothing is exchanged")
    sums = SecureSum(context, plan)
    worst = 0.0
    for number in range(1, rounds + 1):
        found = sums.add_up(_draw(context.me, length, [seed, number]))
        wanted = sum(_draw(member, length, [seed, number]) for member in context.members)
        worst = max(worst, float(np.abs(found - wanted).max()))
        if worst > TOLERANCE:
            raise RuntimeError(f"the sum of round {number} is off by {worst:g}: the parts did not arrive as sent")
        context.progress(number / rounds)
    context.log(f"{rounds} sums over {len(context.members)} parties are right")
    context.log_metric("deviation", worst)
    context.summary(parties=len(context.members), rounds=rounds, deviation=worst)


def _draw(member: Member, length: int, seed: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The vector of a member; derived, so that every party can work out the right sum."""
    return np.random.default_rng([*seed, *member.address.encode()]).normal(size=length)
