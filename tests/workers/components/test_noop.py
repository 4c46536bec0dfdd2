import time

import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from workers.components.noop import noop

ONE = {"guest": ["9999"]}


def test_it_does_nothing_by_default():
    result = simulate(noop, ONE)["guest"]
    assert (result.outputs, result.log, result.summary, result.metrics) == ({}, [], {}, {})


def test_it_sleeps_logs_and_writes_when_told():
    start = time.monotonic()
    result = simulate(noop, ONE, params={"sleep_s": 0.3, "output": "hé", "log": "line"})["guest"]
    assert time.monotonic() - start >= 0.3
    assert result.output("data").read_text() == "hé"
    assert result.outputs["data"].facts == {"characters": 2}
    assert result.log == ["line"]
    assert result.progress[-1] == 1.0


def test_it_fails_when_told_and_leaves_no_output():
    with pytest.raises(RuntimeError, match="as ordered"):
        simulate(noop, ONE, params={"fail": "as ordered", "output": "x"})


@pytest.mark.parametrize("params", [{"sleep_s": -1}, {"sleep_s": "1"}, {"sleep": 1}, {"fail": True}])
def test_wrong_parameters_are_refused(params):
    with pytest.raises(InvalidInputError, match="component 'noop'"):
        simulate(noop, ONE, params=params)
