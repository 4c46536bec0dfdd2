"""Finds the gradients of two parties, and those of their pooled columns."""

import numpy as np

from fedrota.component import component
from fedrota.simulate import simulate
from tests.workers.components.vertical import SLOPES
from workers.components.fixed_point import Bounds
from workers.components.group_masks import GroupMasks
from workers.components.linear_gradients import LinearGradients
from workers.components.moments import Columns, Ring
from workers.components.pair_link import link_parties
from workers.components.poisson_gradients import PoissonGradients
from workers.components.step_roles import find_roles

ROWS, CHANCE = 20, np.random.default_rng(5)
COLUMNS = [CHANCE.normal(size=(ROWS, width)) for width in (1, 2)]
LABELS = (np.arange(ROWS) % 2).astype(float)
WEIGHTS = [np.array([0.4, -0.2]), np.array([0.3, -0.6])]


def find_gradients(family, weights=WEIGHTS, batches=(range(12), range(12, ROWS))):
    """For each party: gradients of each batch with `weights`, at zero, and of the labels alone."""
    found = {}

    @component("finds", exchange=True)
    def finds(context):
        """Find gradients."""
        owners = find_roles(context).owners
        place = owners.index(context.me)
        links = link_parties(context, context.peers(), key_bits=1024)
        bounds = Bounds(rows=ROWS, terms=4, scaled=False, small_labels=True)
        ring = Ring(
            context=context,
            earlier=links[:place],
            later=links[place:],
            terms=dict(zip(owners, (2, 2), strict=True)),
            bounds=bounds,
            key_bits=1024,
        )
        masks = GroupMasks(context, owners)
        made = (
            PoissonGradients(ring=ring)
            if family.exponential
            else LinearGradients(ring=ring, masks=masks, family=family)
        )
        made.prepare(Columns.make(COLUMNS[place], None if place else family.target(LABELS)), batches, context.progress)
        found[context.me.role] = [
            (made.find(batch, weights[place]), made.find_first(batch), made.find_target(batch))
            for batch in range(len(batches))
        ]

    simulate(finds, {"guest": ["1"], "host": ["2"]})
    return found


def assert_pooled(family):
    """Each party gets its own part of the pooled gradient."""
    found = find_gradients(family)
    mine = {"guest": np.column_stack([COLUMNS[0], np.ones(ROWS)]), "host": COLUMNS[1]}
    score = mine["guest"] @ WEIGHTS[0] + mine["host"] @ WEIGHTS[1]
    for role, columns in mine.items():
        for place, rows in enumerate((slice(0, 12), slice(12, ROWS))):
            at_weights, at_zero, of_labels = found[role][place]
            slopes = SLOPES[family.name](score[rows], LABELS[rows])
            assert np.allclose(at_weights, columns[rows].T @ slopes, atol=1e-4)
            assert np.allclose(at_zero, columns[rows].T @ SLOPES[family.name](0 * score[rows], LABELS[rows]), atol=1e-4)
            assert np.allclose(of_labels, columns[rows].T @ family.target(LABELS[rows]), atol=1e-4)
