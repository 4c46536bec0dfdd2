import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logsumexp
from scipy.special import softmax as plain_softmax

from workers.components.chances import log_sum, sigmoid, softmax

ROWS = st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=1, max_size=4)


@given(ROWS)
@settings(deadline=None, max_examples=30)
def test_they_are_scipys_without_overflow(rows):
    scores = np.array(rows)
    with np.errstate(over="raise", invalid="raise"):
        found = sigmoid(scores), softmax(scores), log_sum(scores)
    assert np.allclose(found[0], expit(scores))
    assert np.allclose(found[1], plain_softmax(scores, axis=1))
    assert np.allclose(found[2], logsumexp(scores, axis=1))
