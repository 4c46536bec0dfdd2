import base64
import json

import pytest

from scheduler.domain.messages import Knock
from workers.broker.knock_messages import MAX_ID, MAX_MESSAGE, clean_message, render_message
from workers.knocks import KnockError

GOOD = json.loads(render_message("id-1", [Knock("t1", 3), Knock("t2", 1, held=True)]))


def encode(body: object) -> str:
    return base64.b64encode(json.dumps(body).encode()).decode()


def test_a_good_message_is_made_anew():
    message = json.loads(
        clean_message(json.dumps({**GOOD, "headers": {**GOOD["headers"], "timelimit": ["x", {}]}}).encode())
    )
    assert message == GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"body": 5}, {"body": "!!!"}, {"body": encode(5)}, {"body": encode([[], {}, {}])},
        {"body": encode([[[], []], {}, {}])},
        {"body": encode([[[["t", 1]]], {"x": 1}, {}])}, {"body": encode([[[["t", 1]]], {}])},
        {"body": encode([{"0": [["t", 1]]}, {}, {}])}, {"more": "x" * MAX_MESSAGE},
        {"headers": {"task": "workers.knock", "id": ""}}, {"headers": {"task": "workers.knock", "id": "x" * (MAX_ID + 1)}},
        {"headers": None}, {"headers": {}}, {"headers": {"task": "workers.knock"}},
        {"headers": {"task": "os.system", "id": "x"}}, {"properties": 1}, {"properties": {"body_encoding": "zip"}},
    ],
)  # fmt: skip
def test_a_message_of_another_shape_is_refused(change):
    with pytest.raises(KnockError):
        clean_message(json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"5", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b" " * (2 << 20)]
)
def test_raw_bytes_that_are_no_message_are_refused(raw):
    with pytest.raises(KnockError):
        clean_message(raw)
