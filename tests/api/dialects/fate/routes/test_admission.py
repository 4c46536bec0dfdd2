"""Who calls: signed requests as FATE's clients make them, and everything that is wrong with one."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from api.dialects.fate.errors import FateError
from api.dialects.fate.routes.admission import FORMS, REPEATS_V2, admit_v2


@pytest.fixture
async def keys(gateway):
    made = await gateway.post("/clients", {"name": "flow", "role": "org_admin"})
    return made.json["id"], made.json["secret"]


def sign(keys, path="version/get", body=b"{}", **changes):
    """The headers that the SDK of 1.11 sends."""
    app, secret = keys
    given = {"TIMESTAMP": str(round(time.time() * 1000)), "NONCE": str(uuid.uuid1()), "APP_KEY": app, **changes}
    lines = [given["TIMESTAMP"], given["NONCE"], given["APP_KEY"], f"/v1/{path}"]
    text = b"\n".join([*(line.encode() for line in lines), body, b""])
    signature = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest()).decode()
    return {**given, "SIGNATURE": signature, **{key: value for key, value in changes.items() if key == "SIGNATURE"}}


async def test_a_signed_client_has_its_own_rights(fate, keys):
    body = {"party_id": 10000, "component": "*"}
    raw = json.dumps(body).encode()
    assert (await fate.refused("permission/grant", body))[0] == 108
    await fate.ok("permission/grant", content=raw, headers=sign(keys, "permission/grant", raw))


async def test_both_signatures_of_an_empty_object_are_good(fate, keys):
    for body in [b"", b"{}"]:
        await fate.ok("version/get", content=b"{}", headers=sign(keys, body=body))


async def test_the_query_is_covered_as_it_stands_on_the_request_line(fate, keys):
    path = "version/get?%7B%22a%22%3A%20%22%C3%A4%22%7D"
    await fate.ok(path, content=b"{}", headers=sign(keys, path))
    code, _ = await fate.refused(path + "1", content=b"{}", headers=sign(keys, path))
    assert code == 109


async def test_a_request_is_taken_once_at_all_gateways(fate, serve, keys):
    headers = sign(keys)
    await fate.ok("version/get", content=b"{}", headers=headers)
    for _ in range(2):
        code, message = await fate.refused("version/get", content=b"{}", headers=headers)
        assert (code, fate.status, "sent before" in message) == (109, 200, True)
        fate.gateway = await serve()


async def test_a_bad_signature_is_told(fate, keys):
    for changes, why in [
        ({"TIMESTAMP": "1000"}, "set the clock"),
        ({"TIMESTAMP": "soon"}, "no number"),
        ({"APP_KEY": "nobody"}, "app key is unknown"),
        ({"SIGNATURE": "AAAA"}, "does not fit"),
        ({"SIGNATURE": "ä"}, "not ASCII"),
        ({"NONCE": ""}, "not whole"),
    ]:
        code, message = await fate.refused("version/get", content=b"{}", headers=sign(keys, **changes))
        assert (code, fate.status) == (109, 200)
        assert why in message


async def test_another_body_is_not_what_was_signed(fate, keys):
    code, _ = await fate.refused("version/get", content=b'{"module": "python"}', headers=sign(keys))
    assert code == 109


async def test_a_revoked_client_is_out_at_once(fate, keys):
    await fate.ok("version/get", content=b"{}", headers=sign(keys))
    assert (await fate.gateway.call("DELETE", f"/clients/{keys[0]}")).status == 204
    assert await fate.refused("version/get", content=b"{}", headers=sign(keys)) == (
        109,
        f"the client {keys[0]} was revoked",
    )


async def test_where_clients_need_a_credential_only_a_signed_one_gets_in(fate, serve, keys):
    fate.gateway = await serve(host="0.0.0.0", trust_network=True)
    assert (await fate.refused("version/get", {}))[0] == 109
    await fate.ok("version/get", content=b"{}", headers=sign(keys))


def sign_v2(keys, **changes):
    """The headers that the SDK of 2.2 sends."""
    app, token = keys
    given = {"appId": app, "userName": "me", "Nonce": "1234", "Timestamp": str(round(time.time() * 1000)), **changes}
    inner = hashlib.md5("".join((given["appId"], given["userName"], given["Nonce"], given["Timestamp"])).encode())
    return {"Signature": hashlib.md5((inner.hexdigest() + token).encode()).hexdigest(), **given}


async def test_the_second_interface_s_headers_name_the_client_too(gateway, keys):
    headers = sign_v2(keys)
    for _ in range(REPEATS_V2):  # its nonces are too short to be told from those of others by chance
        request = make_mocked_request("GET", "/v2/job/query", headers=headers, app=gateway.app)
        assert (await admit_v2(request)).name == "flow"
    bad = [(headers, "sent before"), (sign_v2((keys[0], "x")), "does not fit"), (sign_v2(keys, Timestamp="1"), "clock")]
    for given, why in bad:
        with pytest.raises(FateError, match=why) as wrong:
            await admit_v2(make_mocked_request("GET", "/v2/job/query", headers=given, app=gateway.app))
        assert wrong.value.retcode == 109
    unsigned = make_mocked_request("GET", "/v2/job/query", headers={"Host": "127.0.0.1"}, app=gateway.app)
    assert (await admit_v2(unsigned)).name == "legacy"


async def test_a_route_that_does_not_check_its_form_answers_no_success(fate, keys):
    assert {"/v1/model/import"} == FORMS
    form = aiohttp.FormData({"model_id": "m"})
    form.add_field("file", b"x", filename="a.zip")
    code, _ = await fate.refused("model/import", content=form, headers=sign(keys, "model/import", b"wrong"))
    assert code == 109
