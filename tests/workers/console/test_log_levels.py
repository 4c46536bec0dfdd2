import logging

import pytest

from scheduler.domain.errors import InvalidDocumentError
from workers.console.log_levels import make_log_ops


@pytest.fixture(autouse=True)
def root():
    found = logging.getLogger()
    before = found.level
    yield found
    found.setLevel(before)


def change(level):
    return make_log_ops("WARNING")["log.level"]({"level": level, "by": "admin"}, iter(())).result


def test_the_worker_logs_from_the_level_on_that_is_named(root):
    assert change("DEBUG") == {"level": "DEBUG"}
    assert root.level == logging.DEBUG
    assert change("CRITICAL") == {"level": "CRITICAL"}
    assert root.level == logging.CRITICAL


def test_it_goes_back_to_what_the_settings_say(root):
    change("DEBUG")
    assert change("reload") == {"level": "WARNING"}
    assert root.level == logging.WARNING


@pytest.mark.parametrize("level", ["", "info", "10", "verbose", None])
def test_what_is_no_level_changes_nothing(root, level):
    root.setLevel(logging.INFO)
    with pytest.raises(InvalidDocumentError, match="use one of DEBUG"):
        change(level)
    assert root.level == logging.INFO
