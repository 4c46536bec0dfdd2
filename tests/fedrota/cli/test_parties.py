"""`fedrota parties` and `fedrota queues`."""

import json


def test_list_shows_state_and_reason(fedrota):
    lines = fedrota("parties").out.splitlines()
    assert "online" in lines[1]
    assert "1/4" in lines[1]
    assert "offline" in lines[2]
    assert "no worker has called" in lines[2]


def test_changes_reach_the_gateway(fedrota, gateway):
    party = gateway.answers["GET", "/parties/9999"][1]
    for path in ("drain", "resume"):
        gateway.on("POST", f"/parties/9999/{path}", {**party, "drained": path == "drain"})
        out = fedrota("parties", path, "9999").out
        assert gateway.last.path == f"/parties/9999/{path}"
        assert ("drained" in out) is (path == "drain")
    gateway.on("PATCH", "/parties/9999", {**party, "slots": 7})
    assert "1 of 7 in use" in fedrota("parties", "slots", "9999", "7").out
    assert gateway.last.json == {"slots": 7}
    gateway.on("DELETE", "/parties/9999", None)
    gone = "party 9999 is no longer registered\n"
    for is_online in (True, False):
        gateway.on("GET", "/parties/9999", {**party, "online": is_online})
        told = "its worker is still running and is refused from now on: stop it on the party's host\n"
        assert fedrota("parties", "rm", "9999").out == gone + (told if is_online else "")
    assert json.loads(fedrota("parties", "rm", "9999", "--json").out) == {"deleted": "9999"}


def test_a_module_that_a_worker_left_out_is_shown_with_the_reason(fedrota, gateway):
    party = gateway.answers["GET", "/parties/9999"][1]
    reason = "ModuleNotFoundError: No module named 'torch' (mine.py, line 1)"
    gateway.on(
        "GET", "/parties/9999", {**party, "facts": {"cores": 2, "components_left_out": {"/srv/mine.py": reason}}}
    )
    lines = fedrota("parties", "show", "9999").out.splitlines()
    assert f"left out    /srv/mine.py: {reason}" in lines
    assert lines[-1].split() == ["facts", "cores", "2"]


def test_add_says_that_the_worker_needs_a_token(fedrota, gateway):
    gateway.on("POST", "/parties", {"id": "7", "slots": 2}, 201)
    out = fedrota("parties", "add", "7", "--org", "bank", "--slots", "2").out
    assert gateway.last.json == {"id": "7", "org": "bank", "slots": 2}
    assert "fedrota tokens create worker-7 --party 7" in out


def test_queues(fedrota):
    row = fedrota("queues").out.splitlines()[1]
    assert row.split() == [
        "9999",
        "party.9999",
        "0",
        "1",
        "2",
        "0",
        "1",
        "4",
        "12",
        "s",
        "no",
        "scheduler",
        "has",
        "run",
        "yet",
    ]
