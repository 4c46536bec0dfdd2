from workers.components.early_stop import Tracker, Verdict, get_pace, make_tracker


def test_an_early_stop_measures_each_epoch_where_nothing_else_is_said():
    assert get_pace({"validate_every": 0, "early_stopping_rounds": 0}) == 0
    assert get_pace({"validate_every": 0, "early_stopping_rounds": 3}) == 1
    assert get_pace({"validate_every": 5, "early_stopping_rounds": 3}) == 5
    assert get_pace({"validate_every": 2}) == 2


def test_a_tracker_stops_once_a_metric_has_been_stale_for_long():
    tracker = Tracker(metrics=("auc", "ks"), patience=2, first_only=False)
    assert tracker.hear({"auc": 0.6, "ks": 0.9}) == Verdict(is_best=True)
    assert tracker.hear({"auc": 0.7, "ks": 0.9}) == Verdict(is_best=True)
    assert tracker.hear({"auc": 0.8, "ks": 0.8}) == Verdict(is_best=True, stop=True)
    first = Tracker(metrics=("auc", "ks"), patience=2, first_only=True)
    assert [first.hear({"auc": auc, "ks": 0.1}).stop for auc in (0.6, 0.7, 0.8, 0.8, 0.7)] == [False] * 4 + [True]
    errors = Tracker(metrics=("rmse",), patience=1, first_only=False)
    assert [errors.hear({"rmse": error}) for error in (3.0, 2.0, 2.0)] == [
        Verdict(is_best=True), Verdict(is_best=True), Verdict(stop=True),
    ]  # fmt: skip
    assert errors.hear({}) == Verdict(stop=True)
    assert Tracker(metrics=("auc",), patience=1, first_only=False).hear({}) == Verdict()


def test_losses_are_better_when_smaller():
    losses = Tracker(metrics=("loss",), patience=1, first_only=False)
    assert [losses.hear({"loss": loss}).stop for loss in (0.5, 0.4, 0.41)] == [False, False, True]


def test_nothing_is_tracked_unless_asked_for():
    asked = {"early_stopping_rounds": 3, "use_first_metric_only": True}
    assert make_tracker({"early_stopping_rounds": 0}, ("auc",)) is None
    assert make_tracker({}, ("auc",)) is None
    assert make_tracker(asked, ("auc",)) == Tracker(metrics=("auc",), patience=3, first_only=True)
