from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from fedrota.component import InvalidInputError, Member, component
from fedrota.simulate import simulate
from workers.components.boosting_data import (
    TreeColumns,
    check_classes,
    find_classes,
    hide_zeros,
    number_labels,
    read_targets,
    read_tree_samples,
)
from workers.components.tables import Samples

SAMPLES = Samples(
    ids=["a", "b", "c"], features=np.array([[0.0], [1.0], [np.nan]]), names=("x",), labels=np.array([3.0, 1, 3])
)


GUEST = Member("guest", "9999", 0)


def read(samples=SAMPLES, validate=None, **params):
    full = {"objective": "cross_entropy", "objective_parameter": 1.5, **params}
    return read_targets(
        SimpleNamespace(params=full, step="trees", me=GUEST), TreeColumns(train=samples, validate=validate)
    )


def test_classes_are_numbered_and_reals_kept():
    targets = read(validate=replace(SAMPLES, labels=np.array([1.0, 1, 3])))
    assert targets.classes == [1.0, 3.0]
    assert targets.train.tolist() == [1, 0, 1]
    assert targets.validate.tolist() == [0, 0, 1]
    real = read(objective="lse")
    assert (real.train.tolist(), real.start, list(real.classes)) == ([3.0, 1.0, 3.0], pytest.approx(7 / 3), [])


def test_the_start_weighs_samples():
    assert read(replace(SAMPLES, weights=np.array([0.0, 2.0, 0.0])), objective="lse").start == 1.0


def test_zeros_are_hidden_as_missing():
    assert np.isnan(hide_zeros(SAMPLES).features[:, 0]).tolist() == [True, False, True]


def test_a_column_too_large_for_trees_is_named():
    table = {"id": ["a", "b"], "x0": [1.0, None], "größe": [None, -1e31]}

    @component(
        "reads_columns",
        params={name: {"type": "boolean"} for name in ("use_missing", "zero_as_missing")},
        inputs={"train": "table"},
    )
    def reads_columns(context):
        """Read columns."""
        read_tree_samples(context, "train")

    with pytest.raises(InvalidInputError, match=r"column 'größe' of party 9999 holds values beyond 1e\+30: scale it"):
        simulate(
            reads_columns,
            {"guest": ["9999"]},
            params={"use_missing": True, "zero_as_missing": False},
            inputs={"guest": {"train": table}},
        )


@pytest.mark.parametrize(
    ("change", "params", "text"),
    [
        ({"labels": None}, {}, r"party 9999 \(guest\) has no label column 'y'"),
        ({"labels": np.array([0.0, 0.5, 1])}, {}, "holds 0.5: cross_entropy takes whole numbers"),
        ({"labels": np.array([0.0, -1.0, 1])}, {"objective": "tweedie"}, "is negative: tweedie needs labels from 0 up"),
        ({}, {"objective": "tweedie", "objective_parameter": 2.0}, "`objective_parameter` is 2: tweedie takes a power"),
        ({"labels": np.array([0.0, 1e10, 1])}, {"objective": "lse"}, "goes beyond 1e9: divide the labels"),
        ({"weights": np.array([1.0, -1.0, 1])}, {}, "has weights below 0, or only 0: correct the sample_weight step"),
    ],
)
def test_what_does_not_fit_is_named(change, params, text):
    with pytest.raises(InvalidInputError, match=text):
        read(replace(SAMPLES, **change), **params)


def test_labels_unknown_to_training_and_single_classes_are_named():
    context = SimpleNamespace(me=GUEST, step="trees")
    with pytest.raises(InvalidInputError, match="holds 3, a class that no training row has"):
        number_labels(context, SAMPLES, [0.0, 1.0])
    with pytest.raises(InvalidInputError, match="all 3 training rows of everybody have the label 3"):
        check_classes(context, [3.0], rows=3, whose="everybody")
    many = replace(SAMPLES, ids=["a"] * 300, labels=np.arange(300.0))
    with pytest.raises(InvalidInputError, match="holds 300 different values"):
        find_classes(context, many)
