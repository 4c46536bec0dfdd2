"""Gradient-based one-side sampling: the samples with the largest gradients, and some that stand for all others."""

from typing import Any

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import Vector
from workers.components.tree_guest import Gradients


def check_rates(context: Context) -> None:
    """InvalidInputError where the rates leave nothing to sample."""
    params = context.params
    if params["goss"] and params["top_rate"] + params["other_rate"] >= 1:
        raise InvalidInputError(
            f"`top_rate` {params['top_rate']:g} and `other_rate` {params['other_rate']:g} make up all samples: lower them to a "
            "sum below 1, or set `goss: false`"
        )


def sample(gradient: Vector, hessian: Vector, params: Any, *, number: int) -> Gradients:
    """What tree `number` is grown on; all samples where `goss` is off."""
    rows = len(gradient)
    active = np.ones(rows, dtype=bool)
    top = max(1, int(params["top_rate"] * rows))
    others = max(1, int(params["other_rate"] * rows))
    if not params["goss"] or top + others >= rows:
        return Gradients(gradient=gradient, hessian=hessian, active=active)
    order = np.argsort(-np.abs(gradient), kind="stable")
    drawn = np.random.default_rng([params["seed"], number, 1]).choice(order[top:], size=others, replace=False)
    active[:] = False
    active[order[:top]] = active[drawn] = True
    weight = np.ones(rows)
    weight[drawn] = (rows - top) / others
    return Gradients(gradient=gradient * weight, hessian=hessian * weight, active=active)
