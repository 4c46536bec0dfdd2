from types import SimpleNamespace

import numpy as np
import pytest

from fedrota.component import InvalidInputError
from workers.components.boosting_objective import make_objective
from workers.components.boosting_watch import list_metrics, list_offered, make_watch, measure

BINARY = make_objective("cross_entropy", parameter=1, classes=2)
MULTI = make_objective("cross_entropy", parameter=1, classes=3)
REAL = make_objective("lse", parameter=1, classes=0)
PARAMS = {
    "early_stop": True, "tol": 0.01, "validate_every": 1, "early_stopping_rounds": 2, "metrics": ["auc", "loss"],
    "use_first_metric_only": False, "threshold": 0.5,
}  # fmt: skip


class Metrics:
    def __init__(self, **params):
        self.params = {**PARAMS, **params}
        self.points = []

    def log_metric(self, name, value, step):
        self.points.append((name, step))


def make(**params):
    return make_watch(Metrics(**params), BINARY)


def list_usual(objective):
    return list_metrics(Metrics(metrics=[]), objective)


def test_each_objective_has_its_figures():
    labels = np.array([0.0, 1.0, 1.0])
    figures = measure(BINARY, labels, np.array([[-1.0], [2.0], [-3.0]]), threshold=0.5)
    assert figures["auc"] == 0.5
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert set(list_usual(BINARY)) <= set(figures)
    assert set(list_usual(MULTI)) <= set(measure(MULTI, labels, np.eye(3), threshold=0.5))
    assert measure(REAL, labels, labels[:, None] + 2, threshold=0.5)["rmse"] == 2.0
    assert "auc" not in measure(BINARY, np.ones(2), np.zeros((2, 1)), threshold=0.5)
    assert measure(BINARY, np.empty(0), np.empty((0, 1)), threshold=0.5) == {}


@pytest.mark.parametrize(("objective", "wrong"), [(BINARY, "rmse"), (MULTI, "auc"), (REAL, "f1")])
def test_metrics_that_labels_do_not_allow_are_named(objective, wrong):
    context = SimpleNamespace(params={"metrics": ["loss", wrong]}, step="trees")
    with pytest.raises(InvalidInputError, match=f"`metrics` holds '{wrong}', which step 'trees' cannot measure"):
        list_metrics(context, objective)
    offered = tuple(list_offered(objective))
    assert list_metrics(SimpleNamespace(params={"metrics": offered}), objective) == offered


def test_every_round_is_looked_at_where_metrics_may_stop():
    watch = make(validate_every=0)
    watch.note_loss(0.5)
    assert watch.is_due()


def test_the_loss_settles_by_tol_and_only_where_asked():
    watch = make()
    assert [watch.note_loss(loss) for loss in (0.7, 0.5, 0.495)] == [False, False, True]
    assert watch.context.points == [("loss", 1), ("loss", 2), ("loss", 3)]
    watch = make(early_stop=False)
    assert [watch.note_loss(loss) for loss in (0.7, 0.7)] == [False, False]


def look(watch, *chances):
    """Looks at samples of both labels, the positive one with each of these chances in turn."""
    labels = np.array([0.0, 0.0, 0.0, 1.0])
    for place, chance in enumerate(chances):
        watch.note_loss(1.0 / (1 + place))
        watch.look("validate", labels, np.array([[-1.0], [0.0], [1.0], [chance]]))
    return watch


def test_a_metric_that_does_not_improve_is_stale_and_the_best_round_is_known():
    assert not look(make(metrics=["auc"]), -2.0, 0.5, 0.5).is_stale
    stale = look(make(metrics=["auc"]), -2.0, 0.5, 0.5, -0.5)
    assert (stale.is_stale, stale.best) == (True, 2)
    untracked = look(make(early_stopping_rounds=0), -2.0, 0.5, 0.5, -0.5)
    assert (untracked.is_stale, untracked.best) == (False, None)


def test_any_metric_may_stop_unless_only_the_first_counts():
    # Recall does not move while the area grows.
    chances = (-3.0, -0.9, -0.8, 1.5)
    assert look(make(metrics=["auc", "recall"]), *chances[:3]).is_stale
    watch = look(make(metrics=["auc", "recall"], use_first_metric_only=True), *chances)
    assert (watch.is_stale, watch.best) == (False, 4)


@pytest.mark.parametrize(("every", "due"), [(0, []), (1, [1, 2, 3, 4]), (2, [2, 4])])
def test_looks_are_due_every_so_many_rounds(every, due):
    watch, found = make(validate_every=every, early_stopping_rounds=0), []
    for number in (1, 2, 3, 4):
        watch.note_loss(number)
        found += [number] if watch.is_due() else []
    assert found == due


def test_figures_are_logged_after_the_round():
    watch = make()
    watch.note_loss(0.5)
    watch.look("validate", np.array([0.0, 1.0]), np.array([[-1.0], [1.0]]))
    assert watch.context.points[1:] == [("validate_loss", 1), ("validate_auc", 1)]
