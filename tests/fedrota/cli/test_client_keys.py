"""`fedrota clients`."""

KEY = {"id": "k1", "name": "flow", "role": "lead", "org": "hq", "created": "2026-01-01T00:00:00Z"}


def test_both_keys_are_shown_once(fedrota, gateway):
    gateway.on("POST", "/clients", KEY | {"secret": "s3cret"}, 201)
    found = fedrota("clients", "create", "flow", "--role", "lead", "--expires", "30d")
    assert [line.split() for line in found.out.splitlines()[:2]] == [["app", "key", "k1"], ["secret", "key", "s3cret"]]
    assert "never shown again" in found.out
    assert gateway.last.json == {"name": "flow", "role": "lead", "expires_s": 2592000}
    assert fedrota("clients", "create", "flow", "--json").json["secret"] == "s3cret"


def test_list_says_what_is_still_good(fedrota, gateway):
    items = [KEY, KEY | {"expires": "2020-01-01T00:00:00Z"}, KEY | {"revoked": "2020-01-01T00:00:00Z"}]
    gateway.on("GET", "/clients", {"items": items, "next": None})
    assert [line.split()[-1] for line in fedrota("clients", "ls").out.splitlines()[1:]] == [
        "good",
        "expired",
        "revoked",
    ]
    gateway.on("GET", "/clients", {"items": [], "next": None})
    assert "fedrota clients create" in fedrota("clients", "ls").out


def test_revoke(fedrota, gateway):
    gateway.on("DELETE", "/clients/k1", None)
    assert fedrota("clients", "revoke", "k1").out == "revoked client k1\n"
