"""What the demo shows at the end: metrics by round, the final AUC, where the model lies, how to go on."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fedrota.client import Client
from fedrota.model import Job, Metric

JOB: Final = "examples/breast-homo-lr.yaml"
ROWS: Final = 10
TRAINING: Final = "lr"
EVALUATION: Final = "evaluate"
FINAL: Final = "validate_auc"
CURVES: Final = (("loss", "mean loss"), ("validate_loss", "mean validation loss"), ("validate_auc", "mean AUC"))


def make_report(client: Client, job: Job, *, model: Path, state: Path) -> RenderableType:
    """The report of a job that succeeded; `model` is the file of its model, `state` the demo's state folder."""
    rounds = list(client.metrics(job.id, step=TRAINING, limit=1000))
    figures = list(client.metrics(job.id, step=EVALUATION, name=FINAL, limit=1000))
    return Group(Text(), make_rounds(rounds), Text(), *_say_final(figures), Text(), *_say_model(job, model, state))


def make_rounds(points: Iterable[Metric]) -> Table:
    """A table of at most ten rounds, the first and the last among them; means over the parties."""
    values: dict[float, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        if point.x is not None and point.name in dict(CURVES):
            values[point.x][point.name].append(point.value)
    table = Table(title="Metrics per round", title_justify="left", title_style="bold", box=None, pad_edge=True)
    table.add_column("round", justify="right")
    for _, title in CURVES:
        table.add_column(title, justify="right")
    for number in pick_rounds(sorted(values)):
        cells = [values[number].get(name) for name, _ in CURVES]
        table.add_row(f"{number:g}", *(f"{fmean(cell):.4f}" if cell else "" for cell in cells))
    return table


def pick_rounds(rounds: Sequence[float], count: int = ROWS) -> list[float]:
    """`count` of the rounds, evenly spread, with both ends."""
    if len(rounds) <= count:
        return list(rounds)
    return [rounds[round(index * (len(rounds) - 1) / (count - 1))] for index in range(count)]


def _say_final(figures: Sequence[Metric]) -> list[Text]:
    if not figures:
        return [Text("The job has no step that measures the AUC.")]
    each = ", ".join(sorted(f"{figure.value:.4f} at {figure.party}" for figure in figures))
    mean = fmean(figure.value for figure in figures)
    return [
        Text.assemble(
            ("Final AUC ", "bold"), (f"{mean:.4f}", "bold green"), " on patients that no party trained with:"
        ),
        Text(f"          {each}"),
    ]


def _say_model(job: Job, model: Path, state: Path) -> list[Text]:
    command = ".venv/bin/fedrota"
    return [
        Text.assemble(("Model     ", "bold"), f"{_near(model)}, a copy of what each party keeps"),
        Text.assemble(("Go on     ", "bold"), f"{command} up --state {_near(state)}   # the same, to stay"),
        Text("          then, in another terminal:"),
        Text(f"          export FEDROTA_STATE_DIR={_near(state)}"),
        Text(f"          {command} metrics {job.id}"),
        Text(f"          {command} submit {JOB} --watch"),
    ]


def _near(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
