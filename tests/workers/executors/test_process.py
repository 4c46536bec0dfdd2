import json
import math
import time

import orjson
import pytest

from tests.workers.fakes import make_peer, until
from tests.workers.workshop import Run
from workers.executors.base import Limits
from workers.executors.process import _decode, _encode
from workers.processes.kernel import find_birth
from workers.processes.link import parse_header

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


def test_a_flood_of_output_is_cut_and_says_so(make_workshop):
    workshop = make_workshop(Limits(log_bytes=1 << 20))
    run = workshop.run("shouting", params={"mib": 200})
    ending = run.sink.wait(60)
    assert ending.outcome == "success"
    assert run.place.log.stat().st_size == ending.log_size < (1 << 20) + 200
    assert "[fedrota] the log is cut here: it reached 1048576 bytes" in run.log[-120:]


def test_a_full_sink_slows_the_component_down_and_loses_nothing(workshop):
    run = workshop.run("measuring", params={"points": 3000})
    run.sink.full = True
    run.sink.wait_begun()
    time.sleep(0.2)
    run.sink.full = False
    assert run.sink.wait().outcome == "success"
    assert [point.step for point in run.sink.points] == list(range(3000))


def test_every_task_of_a_process_is_told_when_that_was_born(workshop):
    def run_known() -> Run | None:
        """A task, unless it ended before its process's number was known, as a quick one may."""
        run = workshop.run("noop")
        assert run.sink.wait().outcome == "success"
        return run if run.sink.pids != [0] else None

    for _ in range(2):
        run = until(run_known)
        assert run.sink.births == [find_birth(run.sink.pids[0])]


@pytest.mark.parametrize("header", [{"big": 2**70}, {"path": "not UTF-8: \udcff"}, {"plain": [1, "ä", None]}])
def test_a_header_arrives_whatever_is_in_it(header):
    assert parse_header(_encode(header)) == header


def test_a_header_is_read_as_the_standard_library_reads_it():
    for header in ({"points": [1.5, math.inf, 2**70]}, [], {"t": "end"}):
        assert _decode(json.dumps(header).encode()) == header
    assert math.isnan(_decode(b'{"x": NaN}')["x"])
    assert _decode(rb'{"text": "\ud800 \u00e4", "n": Infinity}') == {"text": "? ä", "n": math.inf}
    for nonsense in (b"\xff\xff", b"{", b""):
        with pytest.raises(ValueError, match=r"."):
            _decode(nonsense)


def test_what_a_component_says_fits_into_a_report_whatever_text_is_in_it(workshop):
    run = workshop.run("garbling")
    ending = run.sink.wait()
    assert (ending.message, run.sink.summary) == ("ValueError: no cell a?b", {"name": "a?b", "n": 2.0**70})
    orjson.dumps([ending.message, ending.detail, dict(run.sink.summary)])
