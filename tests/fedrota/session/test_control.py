import pytest

from fedrota import flare
from fedrota.session import control
from fedrota.session.control import Control
from tests.fedrota.session.doors import make, value


def status(running=False, **clients):
    listed = [{"client_name": name, "client_last_conn_time": 1.0, "process": one} for name, one in clients.items()]
    state = "started" if running else "stopped"
    return value({"server_status": state, "server_start_time": 1.0, "clients": listed, "jobs": []})


OK = {"data": [], "meta": {"status": "ok", "info": "", "client_status": {}}}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(control.time, "sleep", lambda _seconds: None)


def names(session):
    return [sent[0] for sent in session.api.sent]


def test_restart_waits_until_the_named_sites_are_back():
    seen = [status(a="x", b="y"), status(b="y"), status(a="x", b="z"), status(a="w", b="y")]
    session = make(Control, check_status=seen, restart=OK)
    assert session.restart("client", ["a"])["status"] == "ok"
    assert session.api.sent[1] == ("restart", "client", "a")
    assert names(session).count("check_status") == 4


def test_shutdown_waits_until_they_are_gone():
    session = make(Control, check_status=[status(a="x"), status(a="x"), status()], shutdown=OK)
    session.shutdown("client")
    assert names(session) == ["check_status", "shutdown", "check_status", "check_status"]


def test_without_waiting_it_returns_at_once():
    session = make(Control, check_status=[status(a="x")], restart=OK)
    session.restart("all", wait=False)
    assert names(session) == ["check_status", "restart"]


def test_what_takes_too_long_is_a_timeout():
    session = make(Control, check_status=[status(a="x")], shutdown=OK)
    with pytest.raises(TimeoutError, match="within 0.01 seconds"):
        session.shutdown("client", timeout=0.01)


@pytest.mark.parametrize(("method", "word"), [("restart", "restart"), ("shutdown", "shutdown")])
def test_arguments_are_checked_before_anything_is_sent(method, word):
    session = make(Control)
    with pytest.raises(ValueError, match=f"{word} target_type must be one of"):
        getattr(session, method)("everything")
    with pytest.raises(SyntaxError, match="invalid target a b"):
        getattr(session, method)("client", ["a b"])
    for wrong in (0, -1, "5", True):
        with pytest.raises(ValueError, match="timeout must be"):
            getattr(session, method)("all", timeout=wrong)
    assert session.api.sent == []


def test_the_system_is_not_shut_down_under_running_jobs():
    session = make(Control, check_status=[status(running=True)])
    with pytest.raises(flare.JobNotDone, match="there are still running jobs"):
        session.shutdown_system()
    assert names(session) == ["check_status"]
    session = make(Control, check_status=[status(), status(a="x"), status()], shutdown=OK)
    session.shutdown_system()
    assert ("shutdown", "all") in session.api.sent


def test_service_providers_and_clients():
    session = make(Control, list_sp=value({"system": "ready"}), get_active_sp=value({"name": "h"}))
    assert session.list_sp() == "{'system': 'ready'}"
    assert session.get_active_sp()["name"] == "h"
    session.promote_sp("a:1:2")
    session.remove_client("site-1")
    assert session.api.sent[2:] == [("promote_sp", "a:1:2"), ("remove_client", "site-1")]
    with pytest.raises(SyntaxError):
        session.promote_sp("a")
    with pytest.raises(ValueError, match="client_name"):
        session.remove_client("")


def test_log_levels_are_asked_for_in_flare_s_words():
    session = make(Control)
    session.configure_job_log("J1", "INFO")
    session.configure_job_log("J1", {"version": 1}, "server")
    session.configure_job_log("J1", 10, "site-1")
    session.configure_site_log(" DEBUG ", "site-1")
    assert session.api.sent == [
        ("configure_job_log", "J1", "all", "INFO"),
        ("configure_job_log", "J1", "server", '{"version": 1}'),
        ("configure_job_log", "J1", "client", "site-1", "10"),
        ("configure_site_log", "site-1", "DEBUG"),
    ]


@pytest.mark.parametrize("config", [{"level": 10}, 10, "", None])
def test_a_site_s_log_has_levels_only(config):
    session = make(Control)
    with pytest.raises(ValueError, match="only supports log levels"):
        session.configure_site_log(config)
    with pytest.raises(flare.JobNotFound):
        session.configure_job_log("", "INFO")
    assert session.api.sent == []
