"""`fedrota metrics` and `fedrota summary`."""

from fedrota.cli.results import keep_last_attempt, list_figures, make_rounds
from fedrota.model import Metric


def test_metrics_are_a_table_per_round(fedrota, gateway):
    lines = [line.split() for line in fedrota("metrics", "j-1").out.splitlines()]
    assert lines[0] == ["lr"]
    assert lines[1] == ["round", "loss", "9999", "loss", "10000"]
    assert lines[2:4] == [["0", "0.7", "0.75"], ["1", "0.5", "0.55"]]
    assert lines[4:] == [["figure", "9999"], ["auc", "0.987654"]]


def test_metrics_pass_their_filters_and_keep_full_precision_in_json(fedrota, gateway):
    found = fedrota("metrics", "j-1", "--step", "lr", "--name", "loss", "--party", "9999", "--json")
    assert gateway.last.query == {"step": "lr", "name": "loss", "party": "9999", "limit": "1000"}
    assert found.json["items"][4]["value"] == 0.987654321


def test_metrics_as_csv_hold_every_point_with_all_its_digits(fedrota, gateway):
    lines = fedrota("metrics", "j-1", "--csv").out.splitlines()
    assert lines[0] == "step,attempt,role,party,name,x,value,at"
    assert len(lines) == 1 + len(fedrota("metrics", "j-1", "--json").json["items"])
    assert lines[1].split(",")[3:7] == ["9999", "loss", "0.0", "0.7"]
    assert lines[5].split(",")[3:7] == ["9999", "auc", "", "0.987654321"]
    both = fedrota("metrics", "j-1", "--csv", "--json")
    assert (both.code, "not both" in both.err) == (2, True)


def test_missing_points_leave_gaps():
    points = [
        Metric(step="s", name="b", x=1, value=1.5, party="1"),
        Metric(step="s", name="a", x=0, value=2, party="1"),
    ]
    columns, rows = make_rounds(points)
    assert columns[0] == ">round"
    assert len(columns) == 3
    assert rows == [["0", "2", ""], ["1", "", "1.5"]]


def test_only_the_last_attempt_is_shown():
    points = [Metric(step="s", name="a", value=1, attempt=1), Metric(step="s", name="a", value=2, attempt=2)]
    assert keep_last_attempt(points) == points[1:]


def test_summary(fedrota):
    lines = fedrota("summary", "j-1").out.splitlines()
    assert lines[1].split() == ["lr", "guest", "9999", "auc", "0.99"]
    assert lines[2].split() == ["lr", "guest", "9999", "roc", "[[0,", "0]]"]
    assert fedrota("summary", "j-1", "--step", "other").out.startswith("no figures")


def test_a_mapping_too_long_for_a_line_is_a_line_per_figure():
    values = {"labels": {"0": 65, "1": 87}, "validate": {"auc": 0.99, "curve": {str(x): x / 7 for x in range(20)}}}
    figures = dict(list_figures(values))
    assert figures["labels"] == {"0": 65, "1": 87}
    assert figures["validate.auc"] == 0.99
    assert figures["validate.curve.7"] == 1.0
    assert len(figures) == 22
