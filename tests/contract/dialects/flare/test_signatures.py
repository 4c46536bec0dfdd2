"""Names, parameters and defaults of our session are those of the published nvflare 2.9.0, and 2.5.2's methods are kept."""

import inspect
import json
import subprocess

import pytest

from fedrota import flare
from tests.clients.install import install

pytestmark = pytest.mark.timeout(300)
FUNCTIONS = ("new_session", "new_secure_session", "new_insecure_session", "basic_cb_with_print")
TELL = """
import inspect, json, sys
from nvflare.fuel.flare_api import api_spec, flare_api

def tell(called):
    return [[each.name, each.kind.name, repr(each.default)] for each in inspect.signature(called).parameters.values()]

session = flare_api.Session
methods = [name for name in dir(session) if not name.startswith("_") and callable(getattr(session, name))]
found = {"Session." + name: tell(getattr(session, name)) for name in methods}
found |= {name: tell(getattr(flare_api, name)) for name in sys.argv[1:] if hasattr(flare_api, name)}
classes = [name for name, each in vars(api_spec).items() if isinstance(each, type) and each.__module__ == api_spec.__name__]
made = {name: tell(getattr(api_spec, name).__init__) for name in classes if "__init__" in vars(getattr(api_spec, name))}
json.dump({"callables": found, "classes": classes, "made": made}, sys.stdout)
"""


def ask(version):
    argv = [str(install(f"nvflare-{version}")), "-c", TELL, *FUNCTIONS]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(said.stdout)


@pytest.fixture(scope="module")
def newest():
    return ask("2.9.0")


def tell(called):
    return [[each.name, each.kind.name, repr(each.default)] for each in inspect.signature(called).parameters.values()]


def find(name):
    owner, _, method = name.rpartition(".")
    return getattr(flare.Session if owner else flare, method, None)


def test_every_callable_is_there_with_its_parameters_and_defaults(newest):
    known = newest["callables"]
    assert {"Session.do_command", "Session.submit_job", "new_session"} <= known.keys()
    assert [name for name in known if find(name) is None] == []
    assert {name: tell(find(name)) for name in known} == known


def test_every_class_is_there_and_is_made_of_the_same(newest):
    assert {"JobNotFound", "SessionSpec", "TargetType"} <= set(newest["classes"])
    assert [name for name in newest["classes"] if not isinstance(getattr(flare, name, None), type)] == []
    shared = {name: given for name, given in newest["made"].items() if name not in {"SessionSpec"}}
    ours = {name: [each[0] for each in tell(getattr(flare, name).__init__)] for name in shared}
    assert ours == {name: [each[0] for each in given] for name, given in shared.items()}


@pytest.mark.parametrize("version", ["2.5.2", "2.6.2"])
def test_older_methods_are_kept_with_their_parameters_first(version):
    known = ask(version)["callables"]
    assert {"Session.list_sp", "Session.get_active_sp"} <= known.keys()
    for name, given in known.items():
        assert find(name) is not None, name
        ours = [each[0] for each in tell(find(name))]
        assert ours[: len(given)] == [each[0] for each in given], name
