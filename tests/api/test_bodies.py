import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import MAX_DEPTH, MalformedBodyError, check_value, parse_json, read_bytes, read_json
from scheduler.domain.errors import InvalidDocumentError, TooLargeError


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty"),
        (b"  ", "is empty"),
        (b"{", "is not JSON"),
        (b"nope", "is not JSON"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "infinite"),
        (b'{"a": 1e999}', "infinite"),
        (b'{"a": "\\ud800"}', "is not JSON"),
        (b'{"a": {"b": 1, "b": 2}}', "the key 'b' stands twice"),
        (b'{"b": "\\u003a", "c": 1, "c": 2}', "the key 'c' stands twice"),
        (b'{"b": 1, "\\u0062": "::"}', "the key 'b' stands twice"),
        (b'{"b": ":", "b": "::"}', "the key 'b' stands twice"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
    ],
)
def test_what_is_no_json_is_refused_by_name(raw, said):
    with pytest.raises(MalformedBodyError, match=said):
        parse_json(raw)


@pytest.fixture
async def arriving():
    """A body that has not come yet, and a function that makes a request of it."""
    loop = asyncio.get_running_loop()
    connection = BaseProtocol(loop)
    connection.connection_made(asyncio.Transport())
    body = StreamReader(connection, 1 << 16, loop=loop)
    return body, lambda **headers: make_mocked_request("POST", "/", headers=headers, payload=body)


@pytest.mark.parametrize("sizes", [[], [10], [4, 6]])
@pytest.mark.parametrize("is_here", [True, False])
async def test_a_body_may_be_as_long_as_its_limit_and_is_read_once(arriving, sizes, is_here):
    body, make = arriving
    request = make()
    reading = None if is_here else asyncio.create_task(read_bytes(request, 10))
    for size in sizes:
        await asyncio.sleep(0)
        body.feed_data(b"x" * size)
    body.feed_eof()
    found = await (reading or read_bytes(request, 10))
    assert found == await read_bytes(request, 10) == b"x" * sum(sizes)
    if found:
        with pytest.raises(TooLargeError):
            await read_bytes(request, 9)


@pytest.mark.parametrize("is_here", [True, False])
async def test_a_longer_body_is_refused_before_its_end(arriving, is_here):
    body, make = arriving
    body.feed_data(b"x" * 11)
    if is_here:
        body.feed_eof()
    with pytest.raises(TooLargeError, match="larger than the limit of 10 bytes"):
        await read_bytes(make(), 10)


async def test_a_body_that_says_it_is_longer_is_not_waited_for(arriving):
    with pytest.raises(TooLargeError):
        await read_bytes(arriving[1](**{"Content-Length": "11"}), 10)


async def test_a_body_that_stops_coming_is_given_up(arriving, monkeypatch):
    monkeypatch.setattr("api.bodies.BODY_IDLE_S", 0)
    with pytest.raises(web.RequestPayloadError, match="nothing came"):
        await read_bytes(arriving[1](), 10)


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}])
def test_a_value_may_be_as_deep_as_the_limit_and_no_deeper(wrap):
    value = 1
    for _ in range(MAX_DEPTH):
        value = wrap(value)
    check_value(value)
    assert parse_json(json.dumps(value).encode()) == value
    with pytest.raises(InvalidDocumentError, match=f"deeper than {MAX_DEPTH}"):
        check_value(wrap(value))
    with pytest.raises(InvalidDocumentError, match=f"deeper than {MAX_DEPTH}"):
        parse_json(json.dumps(wrap(value)).encode())


def test_depth_is_limited_and_the_place_named():
    assert parse_json(b"[" * 32 + b"]" * 32)
    with pytest.raises(InvalidDocumentError, match=r"a\.0\.0.*deeper than 32"):
        parse_json(b'{"a":' + b"[" * 40 + b"]" * 40 + b"}")
    with pytest.raises(InvalidDocumentError, match="deeper than 32"):
        parse_json(b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(InvalidDocumentError, match="deeper than 32"):  # what the second parser says, not the first
        parse_json(b'{"\\u0061":' * 1010 + b"1" + b"}" * 1010)


@pytest.mark.parametrize("levels", [33, 254, 255, 300, 1023, 1024, 5000])
def test_no_depth_is_more_than_can_be_refused(levels):
    for head, tail in ((b"[", b"]"), (b'{"a":', b"}")):
        with pytest.raises(InvalidDocumentError, match="deeper than 32"):
            parse_json(head * levels + b"1" + tail * levels)


def test_many_flat_values_are_no_depth():
    assert len(parse_json(b"[" + b",".join([b"{}"] * 1000) + b"]")) == 1000


@pytest.mark.parametrize("raw", [b'{"a": ["x", "b\\u0000"]}', b'{"a\\u0000": 1}'])
def test_nul_is_refused(raw):
    with pytest.raises(InvalidDocumentError, match="NUL"):
        parse_json(raw)


def test_an_escaped_backslash_is_no_nul():
    assert parse_json(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}


def test_keys_are_checked_too():
    with pytest.raises(InvalidDocumentError, match="NUL"):
        check_value({"a": {"b\0": 1}})


@given(
    texts=st.lists(
        st.tuples(
            st.sampled_from(["a", "b:", "\\u003a", "\u00e9"]),
            st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=4),
        ),
        max_size=4,
    )
)
def test_a_key_that_stands_twice_is_seen_however_it_is_written(texts):
    raw = ("{" + ", ".join(f'"{key}": {json.dumps(value)}' for key, value in texts) + "}").encode()
    if len({json.loads(f'"{key}"') for key, _ in texts}) < len(texts):
        with pytest.raises(MalformedBodyError, match="stands twice"):
            parse_json(raw)
    else:
        assert parse_json(raw) == json.loads(raw)


@pytest.mark.parametrize("raw", [b"", b"{", b'"\\ud800"', b"[NaN]", b"[" * 400 + b"]" * 400, b"\xff"])
def test_what_no_answer_can_hold_is_no_value_of_a_party(raw):
    with pytest.raises(ValueError, match=r"."):
        read_json(raw)
    assert read_json(b'{"a": [1, "x"]}') == {"a": [1, "x"]}
