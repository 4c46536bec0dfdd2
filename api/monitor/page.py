"""Draws the table of metrics: `python -m api.monitor.page` puts it into docs/monitoring.md."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from prometheus_client.core import Metric

from api.monitor.exposition import Snapshot
from api.monitor.metrics import Metrics
from api.monitor.pulse import PulseState
from api.monitor.state import IDLE, PartyState, QueueState
from scheduler.domain.model import Party
from scheduler.queues.pulse import Beat

PAGE: Final = Path(__file__).parents[2] / "docs" / "monitoring.md"
BEGIN: Final = "<!-- generated from the code by `make docs`; a test fails when it is out of date -->\n"
END: Final = "<!-- the end of what is generated -->\n"
_OF_BUCKETS: Final = "le"


def list_families() -> list[Metric]:
    """Every metric that a gateway gives, with a sample of each kind, by name."""
    metrics = Metrics()
    metrics.count_request("GET", "/jobs/{job}", 200, 0.01)
    metrics.count_batch(1)
    pulse = PulseState(Beat(1.0, 10.0))
    party = Party(
        id="9999", org="", slots=1, drained=False, created=datetime.now(UTC), last_seen=None, agent="", version=""
    )
    state = PartyState(party=party, load=IDLE, components=(), is_online=True)
    queue = QueueState(state=state, queue="", knocks=0, oldest_s=0.0, pulse=pulse)
    snapshot = Snapshot([queue], {"waiting": 0}, pulse, is_draining=False)
    return sorted([*snapshot.collect(), *metrics.registry.collect()], key=lambda family: family.name)


def render_table() -> str:
    """The metrics in Markdown: name, type, labels, meaning."""
    rows = ["| metric | type | labels | meaning |", "| --- | --- | --- | --- |", *map(_render, list_families())]
    return "\n".join(rows) + "\n"


def _render(family: Metric) -> str:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = sorted({label for sample in family.samples for label in sample.labels} - {_OF_BUCKETS})
    return f"| `{name}` | {family.type} | {', '.join(labels)} | {family.documentation} |"


def fill(page: str) -> str:
    """The page with the table as the code has it."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{render_table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(fill(PAGE.read_text()))
