"""What the answers say of themselves."""

import pytest

from fedrota.model import Job, LogChunk


@pytest.mark.parametrize(
    ("state", "over"), [("waiting", False), ("running", False), ("success", True), ("timeout", True)]
)
def test_job_is_over_in_its_four_last_states(state, over):
    assert Job(id="j", name="n", state=state).is_over is over


def test_log_chunk_knows_where_the_next_begins():
    assert LogChunk(content=b"abc", offset=4, size=9).end == 7
