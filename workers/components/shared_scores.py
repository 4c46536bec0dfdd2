"""Scores of samples by a model whose weights are shared: the guest learns the scores, nobody the weights."""

from typing import Final

import numpy as np

from workers.components.cipher_matrix import Layout
from workers.components.columns import Vector
from workers.components.fixed_point import FEATURE_BITS, LIMIT_BITS, WEIGHT_BITS, to_real, to_whole
from workers.components.group_masks import from_words, to_words
from workers.components.pair_link import encrypt_rows
from workers.components.shared_training import RING_BITS, SharedTraining

LARGEST: Final = 2.0**LIMIT_BITS


def reveal_scores(training: SharedTraining, features: Vector, *, turn: int) -> Vector | None:
    """All parties' scores together at the guest, None at the host; both make this call with the same samples.

    Each party multiplies its own rows with the other's share of its weights under encryption, and its own share in the
    clear. The host then gives its part of the sum, which a mask of the guest's hides, to the guest.
    """
    if not len(features):
        return np.empty(0) if training.is_guest else None
    link, exchange = training.link, training.ring.context.exchange
    mine, theirs = training.sides()
    rows = np.column_stack([features, np.ones(len(features))]) if training.is_guest else features
    # Samples to validate with may lie far outside of what training saw.
    whole = to_whole(np.clip(rows, -LARGEST, LARGEST), FEATURE_BITS)
    bits = FEATURE_BITS + LIMIT_BITS + RING_BITS + 2 + len(training.weights).bit_length()
    layout = Layout(columns=1, bound_bits=bits, key_bits=training.ring.key_bits)
    link.send(encrypt_rows(link.key, [[int(each)] for each in training.weights[theirs]], layout))
    cipher = link.receive(layout, rows=rows.shape[1])
    matrix = np.array(whole, dtype=object).T
    own = [row[0] for row in link.multiply_received(matrix.tolist(), cipher, layout)]
    other = [row[0] for row in link.open(layout, rows=len(rows))]
    clear = matrix.T.dot(training.weights[mine])
    share = [int(a) + b + c for a, b, c in zip(clear, own, other, strict=True)]
    if not training.is_guest:
        exchange.send(link.peer, "score_share", to_words(share), round=turn)
        return None
    received = from_words(exchange.recv(link.peer, "score_share", round=turn))
    total = from_words(to_words([one + two for one, two in zip(share, received, strict=True)]))
    return to_real(total, FEATURE_BITS + WEIGHT_BITS)
