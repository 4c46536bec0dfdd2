from fedrota.client import Client
from fedrota.provision.project import Participant
from fedrota.provision.register import Registrar

LEAD = Participant(name="lead@hq", type="admin", org="hq", role="lead")
SITE = Participant(name="site-1", type="client", org="hq")
SERVER = Participant(name="server", type="server", org="hq")
TOKEN = {"id": "t1", "kind": "user", "name": "lead@hq", "role": "lead", "org": "hq", "secret": "frt_t1_x",
         "created": "2026-01-01T00:00:00Z"}  # fmt: skip
PARTY = {"id": "site-1", "org": "hq", "slots": 4, "state": "offline"}


def test_an_admin_gets_a_token_of_their_role(gateway):
    gateway.on("POST", "/tokens", TOKEN, 201)
    with Client() as client:
        assert Registrar(client).find_token(LEAD) == "frt_t1_x"
        assert Registrar(client).find_token(SERVER) == ""
    assert gateway.last.json == {"kind": "user", "name": "lead@hq", "role": "lead", "org": "hq"}


def test_without_a_gateway_it_says_how_to_do_it_by_hand(monkeypatch):
    with Client("http://127.0.0.1:1", "x") as client:
        registrar = Registrar(client)
        assert registrar.find_token(LEAD) == registrar.find_token(SITE) == ""
    assert "no gateway at http://127.0.0.1:1" in registrar.notes[0]
    assert "fedrota tokens create lead@hq --role lead --org 'hq'" in registrar.notes[1]
    assert "--party site-1" in registrar.notes[2]
    assert len(registrar.notes) == 3


def test_revocation_ends_the_tokens_of_that_name(gateway):
    items = [TOKEN, {**TOKEN, "id": "t2", "name": "other"}, {**TOKEN, "id": "t3", "revoked": "2026-01-01T00:00:00Z"}]
    gateway.on("GET", "/tokens", {"items": items, "next": None})
    gateway.on("DELETE", "/tokens/t1", None)
    with Client() as client:
        registrar = Registrar(client)
        registrar.revoke(LEAD)
    assert gateway.last.path.endswith("/tokens/t1")
    assert registrar.notes == []


def test_revocation_leaves_the_tokens_of_namesakes(gateway):
    worker = {**TOKEN, "kind": "worker", "name": "worker of site-1", "role": None, "party": "site-1"}
    items = [
        TOKEN, {**TOKEN, "id": "t2", "org": "lab"}, {**TOKEN, "id": "t3", "party": "lead@hq", "kind": "worker"},
        {**worker, "id": "w1"}, {**worker, "id": "w2", "party": "site-2"},
        {**TOKEN, "id": "t4", "name": "worker of site-1"},
    ]  # fmt: skip
    gateway.on("GET", "/tokens", {"items": items, "next": None})
    for token in ("t1", "w1"):
        gateway.on("DELETE", f"/tokens/{token}", None)
    with Client() as client:
        registrar = Registrar(client)
        for who, token in ((LEAD, "t1"), (SITE, "w1")):
            registrar.revoke(who)
            assert gateway.last.path.endswith(f"/tokens/{token}")
    assert [asked.path for asked in gateway.asked if asked.method == "DELETE"] == ["/tokens/t1", "/tokens/w1"]
    assert registrar.notes == [
        f"token {token} of another {name} stays: `fedrota tokens revoke` ends it"
        for token, name in (
            ("t2", "lead@hq"),
            ("t3", "lead@hq"),
            ("w2", "worker of site-1"),
            ("t4", "worker of site-1"),
        )
    ]
