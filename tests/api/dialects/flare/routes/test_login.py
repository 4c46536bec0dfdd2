"""Sessions by certificate: what the bridge carries is all that it can do."""

import json
import time

import pytest

from api.bridge import utc_now
from api.keys import NONCES, SEAL
from tests.api.dialects.flare.requests.jobs import pack_job
from tests.api.dialects.flare.requests.kits import expired, issue, make_authority, sign


@pytest.fixture
def authority(console):
    return make_authority(console.gateway.settings.state_dir / "flare")


async def post(console, path, body=None):
    return await console.gateway.call("POST", path, json=body, token=None)


async def ask_nonce(console):
    answer = await post(console, "/flare/v1/challenge")
    assert answer.status == 200, answer.raw
    return answer.json["nonce"]


async def log_in(console, credential):
    return await post(console, "/flare/v1/login", sign(credential, await ask_nonce(console)))


async def send(console, token, name, *words, upload=None):
    headers = {"Authorization": f"Flare {token}"}
    call = json.dumps({"words": words})
    if upload is not None:
        headers |= {"Content-Type": "application/octet-stream", "X-Flare-Call": call}
    answer = await console.gateway.call(
        "POST", f"/flare/v1/commands/{name}", data=upload or call, headers=headers, token=None
    )
    assert answer.status == 200, answer.raw
    return answer.json["meta"]


async def test_the_certificate_s_user_acts_with_its_role(console, authority):
    lead, member = issue(authority, "ann@clinic.org"), issue(authority, "max@clinic.org", role="member")
    found = (await log_in(console, lead)).json
    assert (found["user"], found["org"], found["role"]) == ("ann@clinic.org", "clinic", "lead")
    assert time.time() < found["expires"] < time.time() + 86_500
    made = await send(console, found["token"], "submit_job", "job", upload=pack_job())
    meta = (await send(console, found["token"], "get_job_meta", made["job_id"]))["job_meta"]
    assert (meta["submitter_name"], meta["submitter_org"], meta["submitter_role"]) == (
        "ann@clinic.org",
        "clinic",
        "lead",
    )
    token = (await log_in(console, member)).json["token"]
    assert (await send(console, token, "get_job_meta", made["job_id"]))["status"] == "ok"
    assert (await send(console, token, "clone_job", made["job_id"]))["status"] == "not_authorized"


async def test_a_challenge_is_answered_once(console, authority):
    proof = sign(issue(authority, "ann@clinic.org"), await ask_nonce(console))
    assert (await post(console, "/flare/v1/login", proof)).status == 200
    again = await post(console, "/flare/v1/login", proof)
    assert again.status == 401
    assert "answered already" in again.json["error"]["message"]


async def test_a_challenge_of_a_gateway_whose_clock_is_ahead_is_answered_once(console, authority, monkeypatch):
    nonces, clock = console.gateway.app[NONCES], time.monotonic
    monkeypatch.setattr(nonces, "_redis", None)
    ahead = console.gateway.app[SEAL].close(json.dumps({"kind": "flare challenge", "since": time.time() + 50}))
    proof = sign(issue(authority, "ann@clinic.org"), ahead)
    assert (await post(console, "/flare/v1/login", proof)).status == 200
    monkeypatch.setattr(nonces, "_clock", lambda: clock() + 70)
    again = await post(console, "/flare/v1/login", proof)
    assert "answered already" in again.json["error"]["message"]


async def test_a_challenge_must_be_ours_and_new(console, authority):
    ann, seal = issue(authority, "ann@clinic.org"), console.gateway.app[SEAL]
    old = seal.close(json.dumps({"kind": "flare challenge", "since": time.time() - 100}))
    session = (await log_in(console, ann)).json["token"]
    for nonce, words in (("mine", "no flare challenge"), (old, "too old"), (session, "no flare challenge")):
        answer = await post(console, "/flare/v1/login", sign(ann, nonce))
        assert answer.status == 401
        assert words in answer.json["error"]["message"]


async def test_a_revoked_certificate_counts_no_more_not_even_in_an_open_session(console, authority):
    ann = issue(authority, "ann@clinic.org")
    token = (await log_in(console, ann)).json["token"]
    assert (await send(console, token, "list_jobs"))["status"] == "ok"
    authority.revoke("ann@clinic.org", utc_now())
    assert await send(console, token, "list_jobs") == {
        "status": "not_authenticated",
        "info": "the certificate is revoked",
    }
    assert (await log_in(console, ann)).status == 401


async def test_expired_certificates_and_those_without_a_role_are_refused(console, authority):
    assert (await log_in(console, expired(authority, "ann@clinic.org"))).status == 401
    answer = await log_in(console, issue(authority, "site-1", role="", type_="client"))
    assert answer.status == 401
    assert "role" in answer.json["error"]["message"]


async def test_a_session_ends_with_its_time(console, authority, monkeypatch):
    monkeypatch.setattr("api.dialects.flare.routes.sessions.SESSION_S", 0.0)
    token = (await log_in(console, issue(authority, "ann@clinic.org"))).json["token"]
    assert "session is over" in (await send(console, token, "list_jobs"))["info"]


async def test_a_logout_ends_the_session_and_no_other(console, authority):
    ann = issue(authority, "ann@clinic.org")
    one, two = [(await log_in(console, ann)).json["token"] for _ in range(2)]
    for _ in range(2):
        answer = await console.gateway.call(
            "POST", "/flare/v1/logout", headers={"Authorization": f"Flare {one}"}, token=None
        )
        assert answer.status == 200, answer.raw
    assert "session is over" in (await send(console, one, "list_jobs"))["info"]
    assert (await send(console, two, "list_jobs"))["status"] == "ok"


async def test_only_a_session_can_be_logged_out(console, authority):
    answer = await console.gateway.call("POST", "/flare/v1/logout", token="lead")
    assert answer.status == 401
    assert "only a session's token" in answer.json["error"]["message"]


async def test_only_sessions_open_the_door(console, authority):
    nonce = await ask_nonce(console)
    for token in ("", "x", nonce, "\u00e9", console.gateway.app[SEAL].close("[]")):
        assert (await send(console, token, "list_jobs"))["status"] == "not_authenticated"


async def test_a_gateway_without_certificates_takes_none(console):
    answer = await post(console, "/flare/v1/challenge")
    assert answer.status == 401
    assert "fedrota provision" in answer.json["error"]["message"]


async def test_what_is_no_proof_is_refused(console, authority):
    assert (await post(console, "/flare/v1/login", {"certificate": "x"})).status == 422
    huge = await console.gateway.call("POST", "/flare/v1/login", data=b"x" * 100_000, token=None)
    assert huge.status == 413
