"""`fedrota tokens`, `fedrota whoami`, `fedrota version`."""

import pytest


def test_created_secret_is_the_first_line(fedrota, gateway):
    token = {"id": "k", "kind": "user", "name": "bob", "role": "lead", "secret": "frt_k_s"}
    gateway.on("POST", "/tokens", token, 201)
    found = fedrota("tokens", "create", "bob", "--role", "lead", "--org", "o", "--expires", "30d")
    assert found.out.splitlines()[0] == "frt_k_s"
    assert "never shown again" in found.out
    assert gateway.last.json == {"kind": "user", "name": "bob", "role": "lead", "org": "o", "expires_s": 2592000}
    assert fedrota("tokens", "create", "w", "--party", "7", "--json").json["secret"] == "frt_k_s"
    assert gateway.last.json == {"kind": "worker", "name": "w", "party": "7"}


def test_a_worker_s_token_is_followed_by_the_command_that_takes_it(fedrota, gateway):
    token = {"id": "k", "kind": "worker", "name": "w", "party": "7", "secret": "frt_k_s"}
    gateway.on("POST", "/tokens", token, 201)
    last = fedrota("tokens", "create", "w", "--party", "7").out.splitlines()[-1]
    assert last.strip() == f"fedrota up --only worker --party 7 --gateway {gateway.url}"


def test_bad_expiry_is_a_usage_error(fedrota, gateway):
    found = fedrota("tokens", "create", "bob", "--expires", "soon")
    assert found.code == 2
    assert "90s, 15min, 12h or 30d" in " ".join(found.err.replace("│", " ").split())
    assert gateway.asked == []


def test_list_says_what_is_still_good(fedrota, gateway):
    token = gateway.answers["GET", "/tokens"][1]["items"][0]
    items = [token, token | {"expires": "2020-01-01T00:00:00Z"}, token | {"revoked": "2020-01-01T00:00:00Z"}]
    gateway.on("GET", "/tokens", {"items": items, "next": None})
    states = [line.split()[-1] for line in fedrota("tokens", "ls").out.splitlines()[1:]]
    assert states == ["good", "expired", "revoked"]


def test_revoke(fedrota, gateway):
    gateway.on("DELETE", "/tokens/k1", None)
    assert fedrota("tokens", "revoke", "k1").out == "revoked token k1\n"


def test_missing_token_says_how_to_give_one(fedrota, gateway):
    gateway.refuse("GET", "/whoami", 401, code="unauthenticated", message="no token was sent")
    found = fedrota("whoami")
    assert found.code == 3
    assert "--token or FEDROTA_TOKEN" in found.err


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_version_needs_no_gateway(fedrota, words):
    found = fedrota("version", "--url", "http://127.0.0.1:1", *words)
    assert (found.code, found.err) == (0, "")
    assert "fedrota" in found.out or found.json["gateway"] is None
