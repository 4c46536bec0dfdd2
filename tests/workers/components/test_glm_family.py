import numpy as np
import pytest

from fedrota.component import InvalidInputError, Member
from workers.components.glm_family import FAMILIES, LINEAR, LOGISTIC, POISSON, clean_labels, read_targets
from workers.components.tables import Samples


class FakeContext:
    step = "lr"
    me = Member("guest", "9", 0)


def make_samples(labels):
    rows = 0 if labels is None else len(labels)
    return Samples(
        ids=["a"] * rows,
        features=np.zeros((rows, 1)),
        names=("x",),
        labels=None if labels is None else np.array(labels),
    )


@pytest.mark.parametrize("family", [LOGISTIC, LINEAR], ids=lambda each: each.name)
def test_half_of_score_times_both_slopes_is_the_loss_but_for_a_constant(family):
    score, labels = np.linspace(-2, 2, 9), (np.arange(9) % 2).astype(float)
    target = family.target(labels)
    loss = score * (family.slope * score + 2 * target) / 2
    plain = {
        "logistic": np.log(2) + (0.5 - labels) * score + score**2 / 8,
        "linear": (score - labels) ** 2 / 2,
    }[family.name]
    assert loss.sum() + family.rest(labels) == pytest.approx(plain.sum())
    assert family.slope == 0.5**family.slope_shift


def test_means_do_not_overflow():
    for family in FAMILIES.values():
        assert np.isfinite(family.mean(np.array([-1e6, 0.0, 1e6]))).all()
    assert LOGISTIC.mean(np.array([0.0]))[0] == 0.5
    assert POISSON.mean(np.array([1.0]))[0] == pytest.approx(np.e)


def test_labels_of_minus_one_and_one_become_zero_and_one():
    assert read_targets(FakeContext(), make_samples([-1.0, 1.0, 1.0]), LOGISTIC).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("family", "labels", "text"),
    [
        (LOGISTIC, None, "party 9 .guest. has no label column 'y'"),
        (LOGISTIC, [2.0, 0.0], "holds 0, 2: 'lr' needs 0 and 1"),
        (LOGISTIC, [0.0, 0.0], "all 2 training rows of party 9 have the label 0"),
        (POISSON, [1.0, -2.0], "holds -2: counts are never negative"),
        (LINEAR, [1e9], "goes up to 1e.09: divide it"),
    ],
)
def test_labels_that_do_not_fit_are_named(family, labels, text):
    with pytest.raises(InvalidInputError, match=text):
        read_targets(FakeContext(), make_samples(labels), family)


def test_samples_to_predict_may_lack_labels_or_have_one_class():
    assert clean_labels(FakeContext(), make_samples(None), LOGISTIC) is None
    assert clean_labels(FakeContext(), make_samples([1.0]), LOGISTIC).tolist() == [1.0]
