from types import SimpleNamespace

import pytest

from tests.workers.fakes import make_settings
from tests.workers.workshop import Letterbox
from workers.executors import assembly
from workers.executors.assembly import MOST_WARM, Shared, make_executors
from workers.executors.base import Limits
from workers.executors.flare_nursery import FlareNursery
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A machine with a container engine, on which nothing runs."""
    monkeypatch.setattr(
        assembly, "make_engine", lambda: SimpleNamespace(containers=SimpleNamespace(list=lambda **_: []))
    )
    loop, limits = ExecutorLoop(), Limits()
    yield Shared(
        loop=loop,
        nursery=Nursery(loop, site=tmp_path, modules=(), limits=limits),
        flare_nursery=FlareNursery(loop, site=tmp_path, python=None, limits=limits),
        exchange=Letterbox(),
        attachments=object(),
        limits=limits,
        site=tmp_path,
    )
    loop.stop()


@pytest.mark.parametrize(
    ("allowed", "kinds"),
    [
        (("component",), ["component"]),
        (("component", "command"), ["component", "command", "flare", "iflearner"]),
        (("container",), ["container", "iflearner"]),
        (("container", "command", "component"), ["component", "command", "container", "flare", "iflearner"]),
    ],
)
def test_engines_come_with_what_runs_their_jobs(shared, tmp_path, allowed, kinds):
    assert list(make_executors(make_settings(tmp_path, executors=allowed), shared)) == kinds


def test_the_settings_reach_the_executors(shared, tmp_path):
    settings = make_settings(
        tmp_path,
        slots=1000,
        executors=("component", "command"),
        engines={"iflearner": "/opt/i/python", "flare": "/opt/f/python"},
        engine_host="10.0.0.1",
        allowed_roots=(tmp_path,),
    )
    made = make_executors(settings, shared)
    assert made["component"].pool._most_idle == MOST_WARM
    assert made["iflearner"].settings.python == settings.engines["iflearner"]
    assert made["iflearner"].settings.roots == (tmp_path,)
    assert made["iflearner"].runners == {"command": made["command"]}
    assert made["flare"].settings.engine.python == settings.engines["flare"]
    assert made["flare"].settings.engine.host == "10.0.0.1"
    assert made["flare"].settings.attachments is shared.attachments
    assert made["flare"].commands.nursery is shared.flare_nursery
