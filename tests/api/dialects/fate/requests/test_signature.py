import base64
import hashlib
import hmac

import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.signature import (
    V1,
    V2,
    Signature,
    Signed,
    check_time,
    find_signature,
    is_signed_v1,
    is_signed_v2,
)

HEADERS = {"TIMESTAMP": "1700000000000", "NONCE": "n", "APP_KEY": "app", "SIGNATURE": "s"}
TARGET = "/v1/job/query?a=%7B%22x%22%3A%201%7D"


def sign(body=b"", form=b"", target=TARGET, secret=b"secret"):
    """Written out by hand, from what FATE's documentation says."""
    text = b"1700000000000\nn\napp\n" + target.encode() + b"\n" + body + b"\n" + form
    given = base64.b64encode(hmac.new(secret, text, hashlib.sha1).digest()).decode()
    return Signature(app="app", nonce="n", timestamp="1700000000000", given=given)


def test_a_body_and_the_target_are_covered_as_sent():
    signed = Signed(target=TARGET, body=b'{"job_id": "1"}')
    assert is_signed_v1(sign(b'{"job_id": "1"}'), "secret", signed)
    assert is_signed_v1(sign(b'{"job_id": "1"}'), "secret", Signed(target=TARGET + "?", body=signed.body))
    assert not is_signed_v1(sign(b'{"job_id":"1"}'), "secret", signed)
    assert not is_signed_v1(sign(b'{"job_id": "1"}', target="/v1/job/query"), "secret", signed)
    assert not is_signed_v1(sign(b'{"job_id": "1"}'), "secret2", signed)
    assert not is_signed_v1(sign(b""), "secret", signed)


def test_an_empty_object_is_signed_as_two_bytes_or_as_none():
    for body in (b"", b"{}"):
        assert is_signed_v1(sign(body), "secret", Signed(target=TARGET, body=b"{}"))
    assert not is_signed_v1(sign(b"{}"), "secret", Signed(target=TARGET))


def test_a_form_is_sorted_and_percent_encoded():
    form = {"b": "x y/ä", "a": "~-._"}
    assert is_signed_v1(sign(form=b"a=~-._&b=x%20y%2F%C3%A4"), "secret", Signed(target=TARGET, form=form))
    assert not is_signed_v1(sign(), "secret", Signed(target=TARGET, form=form))


def test_the_second_interface_signs_its_app_and_time():
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    given = md5(md5("app" + "me" + "1234" + "1700000000000") + "token")
    signature = Signature(app="app", nonce="1234", timestamp="1700000000000", given=given, user="me")
    assert is_signed_v2(signature, "token")
    assert not is_signed_v2(signature, "token2")
    headers = {"appId": "app", "userName": "me", "Nonce": "1234", "Timestamp": "1700000000000", "Signature": given}
    assert find_signature(headers, V2) == signature


def test_an_unsigned_request_has_none():
    assert find_signature({}) is None
    assert find_signature({"NONCE": "x", "TIMESTAMP": "1"}) is None
    assert find_signature(HEADERS).app == "app"


@pytest.mark.parametrize("name", V1)
def test_a_part_that_lacks_is_named(name):
    rest = {key: value for key, value in HEADERS.items() if key != name}
    with pytest.raises(FateError, match=name) as wrong:
        find_signature(rest)
    assert (wrong.value.retcode, wrong.value.status) == (109, 200)


def test_an_endless_header_is_refused():
    with pytest.raises(FateError, match="longer than 200"):
        find_signature({**HEADERS, "NONCE": "x" * 201})


@pytest.mark.parametrize("now", [1_700_000_000 - 60, 1_700_000_000, 1_700_000_000 + 60])
def test_a_minute_either_way_is_near_enough(now):
    check_time(find_signature(HEADERS), now)


@pytest.mark.parametrize("now", [1_700_000_000 - 61, 1_700_000_000 + 61])
def test_more_is_not(now):
    with pytest.raises(FateError, match="set the clock"):
        check_time(find_signature(HEADERS), now)


def test_a_time_that_is_none_is_refused():
    with pytest.raises(FateError, match="no number of milliseconds"):
        check_time(find_signature({**HEADERS, "TIMESTAMP": "noon"}), 0)
