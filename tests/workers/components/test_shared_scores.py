import secrets

import numpy as np
import pytest

from fedrota.component import component
from fedrota.simulate import simulate
from workers.components.fixed_point import WEIGHT_BITS, Bounds
from workers.components.glm_family import LINEAR
from workers.components.group_masks import RING
from workers.components.moments import Ring
from workers.components.pair_link import link_parties
from workers.components.shared_scores import reveal_scores
from workers.components.shared_training import SharedTraining

WEIGHTS = np.array([0.5, -2.0, 0.25, 3.0, -1.0])  # guest's two, its intercept, host's two
FIRST = [secrets.randbelow(RING) for _ in WEIGHTS]


@pytest.mark.parametrize("rows", [0, 1, 9])
def test_the_guest_gets_the_scores_of_weights_that_nobody_knows(rows):
    features = np.random.default_rng(rows).normal(size=(rows, 4)) * 5
    features[:1, 0] = 1000.0
    found = {}

    @component("scores", exchange=True)
    def scores(context):
        """Score."""
        is_guest = context.me.role == "guest"
        links = link_parties(context, context.peers(), key_bits=1024)
        terms = {member: 3 if member.role == "guest" else 2 for member in context.members}
        bounds = Bounds(rows=rows, terms=5, scaled=True, small_labels=True)
        ring = Ring(
            context=context, earlier=[] if is_guest else links, later=links if is_guest else [], terms=terms,
            bounds=bounds, key_bits=1024,
        )  # fmt: skip
        whole = [round(each * 2**WEIGHT_BITS) for each in WEIGHTS]
        share = FIRST if is_guest else [(each - mask) % RING for each, mask in zip(whole, FIRST, strict=True)]
        training = SharedTraining(ring=ring, family=LINEAR, batches=[], rest=0.0, weights=np.array(share, dtype=object))
        mine = features[:, :2] if is_guest else features[:, 2:]
        found[context.me.role] = [reveal_scores(training, mine, turn=turn) for turn in (0, 1)]

    run = simulate(scores, {"guest": ["1"], "host": ["2"]})
    wanted = features[:, :2] @ WEIGHTS[:2] + 0.25 + features[:, 2:] @ WEIGHTS[3:]
    for each in found["guest"]:
        assert np.allclose(each, wanted, atol=1e-4)
    assert found["host"] == [None, None]
    assert {m.receiver.role for m in run.messages if m.name == "score_share"} == ({"guest"} if rows else set())
