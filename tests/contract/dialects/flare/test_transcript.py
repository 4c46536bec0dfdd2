"""The transcripts in the examples show what their script does today with the same clients."""

import re

import pytest

from tests.contract.dialects.flare.running import REAL

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
TRAINED = "[[4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]"
"""Three rounds at two sites: each adds one in every round to FLARE's first model."""


@pytest.fixture(params=REAL)
def version(request):
    return request.param


@pytest.fixture
def seen(results, version):
    """What the script has printed just now."""
    return results["clients"][version]["hello"].splitlines()


@pytest.fixture
def shown(repository, version):
    """What the transcript says it printed."""
    return (repository / f"examples/flare/transcript-{version}.md").read_text().splitlines()


def find_calls(lines):
    return [re.sub(r'"[^"]*/', '"', line) for line in lines if line.startswith(">>> session")]


def find_files(lines):
    return {line.split()[0] for line in lines if line.endswith(" bytes")}


def test_a_transcript_shows_the_script_s_calls_with_the_client_that_it_names(seen, shown, version):
    assert find_calls(seen) == find_calls(shown)
    assert len(find_calls(seen)) == 3
    assert f"nvflare {version}" in seen
    assert f"nvflare {version}" in shown


def test_the_numpy_job_ran_to_its_end_in_both(seen, shown):
    for lines in (seen, shown):
        assert any(line.startswith("MonitorReturnCode.JOB_FINISHED") for line in lines)
        assert "    RUNNING" in lines
        assert "    FINISHED:COMPLETED" in lines
    assert any(line.startswith("    RUNNING, round ") for line in shown)  # on a busy machine rounds pass unseen


def test_the_result_and_its_model_came_in_both(seen, shown):
    wanted = {"job/hello-numpy/meta.json", "workspace/models/server.npy", "workspace/log.txt", "meta.json"}
    for lines in (seen, shown):
        assert wanted <= find_files(lines)
        assert any(line.startswith(TRAINED) for line in lines)


def test_a_transcript_tells_no_place_of_the_machine_that_made_it(shown):
    assert not [line for line in shown if "/tmp" in line or "/home" in line or "/root" in line]
