"""What the demo shows at the end."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from fedrota.model import Job, Metric
from fedrota.up.demo_report import make_report, make_rounds, pick_rounds


def shown(renderable):
    console = Console(file=io.StringIO(), width=120)
    console.print(renderable)
    return console.file.getvalue()


def point(name, value, *, x=None, party="9999"):
    return Metric(step="lr", name=name, value=value, x=x, party=party)


class Figures:
    """A client whose gateway knows these figures only."""

    def __init__(self, rounds, final):
        self._found = {"lr": rounds, "evaluate": final}

    def metrics(self, job, *, step, name=None, limit=None):
        return self._found[step]


def test_a_round_shows_the_mean_over_the_parties():
    points = [point("loss", 0.4, x=1), point("loss", 0.2, x=1, party="10000"), point("validate_auc", 0.9, x=1)]
    lines = shown(make_rounds(points)).splitlines()
    assert lines[-1].split() == ["1", "0.3000", "0.9000"]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 30, 1000])
def test_at_most_ten_rounds_with_both_ends(count):
    rounds = [float(number) for number in range(1, count + 1)]
    picked = pick_rounds(rounds)
    assert len(picked) == min(count, 10)
    assert picked == sorted(set(picked))
    assert picked[:1] + picked[-1:] == rounds[:1] + rounds[-1:]


def test_the_report_tells_auc_model_and_how_to_go_on():
    client = Figures(
        [point("loss", 0.1, x=1)], [point("validate_auc", 0.98), point("validate_auc", 0.96, party="10000")]
    )
    state = Path.cwd() / ".fedrota-demo"
    text = shown(make_report(client, Job(id="j1", name="x", state="success"), model=state / "model.json", state=state))
    for word in (
        "Final AUC 0.9700",
        "0.9800 at 9999",
        ".fedrota-demo/model.json",
        "up --state .fedrota-demo",
        "metrics j1",
    ):
        assert word in text


def test_a_job_without_an_evaluation_says_so():
    report = make_report(Figures([], []), Job(id="j1", name="x", state="success"), model=Path("m"), state=Path("s"))
    assert "no step that measures the AUC" in shown(report)
