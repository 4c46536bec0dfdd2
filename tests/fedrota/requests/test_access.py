"""The requests about tokens and the caller."""

from fedrota.requests import access


def test_user_token_is_a_member_unless_told():
    assert access.create_token("bob").body == {"kind": "user", "name": "bob", "role": "member"}
    made = access.create_token("bob", role="lead", org="o", project="p", expires_s=60)
    assert made.body == {"kind": "user", "name": "bob", "role": "lead", "org": "o", "project": "p", "expires_s": 60}


def test_worker_token_has_a_party_and_no_role():
    assert access.create_token("w", party="1").body == {"kind": "worker", "name": "w", "party": "1"}


def test_lines():
    assert access.tokens().path == "/tokens"
    assert (access.revoke_token("k").method, access.revoke_token("k").path) == ("DELETE", "/tokens/k")
    assert access.whoami().path == "/whoami"
    assert access.version().path == "/version"
