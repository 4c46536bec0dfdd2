"""What the answers say of themselves."""

import pytest

from fedrota.model import Job, LogChunk, Metric


@pytest.mark.parametrize(
    ("state", "over"), [("waiting", False), ("running", False), ("success", True), ("timeout", True)]
)
def test_job_is_over_in_its_four_last_states(state, over):
    assert Job(id="j", name="n", state=state).is_over is over


def test_log_chunk_knows_where_the_next_begins():
    assert LogChunk(content=b"abc", offset=4, size=9).end == 7


def test_metric_without_a_round_is_a_single_figure():
    assert Metric(step="s", name="auc", value=0.9).x is None
    assert Metric(step="s", name="auc", value=0.9, x=-1).x is None
    assert Metric(step="s", name="auc", value=0.9, x=0).x == 0
