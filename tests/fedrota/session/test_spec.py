import inspect

import pytest

from fedrota import flare
from fedrota.session import spec


def test_our_session_counts_as_one():
    assert issubclass(flare.Session, flare.SessionSpec)


def test_without_nvflare_it_has_every_method_of_ours(monkeypatch):
    monkeypatch.setattr(spec, "find_named", lambda _name: None)
    made = spec.make_spec(flare.Session)
    assert {"submit_job", "monitor_job", "ls_target", "restart"} <= made.__abstractmethods__
    assert inspect.signature(made.submit_job) == inspect.signature(flare.Session.submit_job)
    with pytest.raises(TypeError, match="abstract"):
        made()


def test_a_class_of_nvflares_is_taken_as_it_is(monkeypatch):
    theirs = spec.make_spec(type("Other", (), {"close": lambda self: None}))
    monkeypatch.setattr(spec, "find_named", lambda _name: theirs)
    assert spec.make_spec(flare.Session) is theirs
    assert issubclass(flare.Session, theirs)
