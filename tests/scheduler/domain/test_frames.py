import json
import struct

import pytest

from scheduler.domain.errors import (
    BusyError,
    ConflictError,
    FedrotaError,
    ForbiddenError,
    InvalidDocumentError,
    NotFoundError,
    Problem,
    TooLargeError,
)
from scheduler.domain.frames import (
    MAX_HEADER_BYTES,
    FrameError,
    pack,
    parse_failure,
    read_number,
    read_task,
    read_text,
    render_failure,
    unpack,
)


def test_a_frame_survives_the_wire():
    header, payload = unpack(pack({"t": "xfer", "n": 7, "name": "größe"}, b"\0\1payload"))
    assert header == {"t": "xfer", "n": 7, "name": "größe"}
    assert bytes(payload) == b"\0\1payload"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0\0\0",
        struct.pack(">I", 10) + b"{}",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 2) + b"{}",
        struct.pack(">I", 7) + b'{"t":1}',
        struct.pack(">I", 2) + b"\xff\xff",
        struct.pack(">I", 40_000) + b"[" * 40_000,
        pack({"t": "x", "long": "y" * MAX_HEADER_BYTES}),
    ],
    ids=range(9),
)
def test_what_is_no_frame_is_refused(message):
    with pytest.raises(FrameError):
        unpack(message)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (read_text, 1),
        (read_text, None),
        (read_number, "1"),
        (read_number, True),
        (read_number, -1),
        (read_number, 1 << 62),
        (read_number, 1.0),
        (read_task, ""),
        (read_task, "a/b"),
        (read_task, "-a"),
        (read_task, "a" * 129),
    ],
)
def test_a_field_of_another_kind_is_refused(read, value):
    with pytest.raises(FrameError, match="key"):
        read({"key": value}, "key")


def test_fields_are_read():
    header = {"text": "x", "number": 0, "task": "j1-0-1-2"}
    assert (read_text(header, "text"), read_number(header, "number")) == ("x", 0)
    assert read_task(header, "task") == "j1-0-1-2"


@pytest.mark.parametrize(
    "error",
    [
        InvalidDocumentError(Problem("line 3", "wrong", "change it"), Problem("line 4", "wrong too")),
        NotFoundError("table", "a/b"),
        ConflictError("there is one"),
        ForbiddenError("no"),
        TooLargeError("too large"),
        BusyError("later"),
        FedrotaError("something"),
    ],
    ids=lambda error: error.code,
)
def test_an_error_survives_the_wire(error):
    found = parse_failure(json.loads(json.dumps(render_failure(error))))
    assert type(found) is type(error)
    assert found.message == error.message
    assert getattr(found, "problems", None) == getattr(error, "problems", None)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"code": 7},
        {"code": "invalid", "problems": [[1], 2]},
        {"code": "not_found", "subject": "x"},
        {"error": "x" * 99_999},
    ],
)
def test_a_strange_failure_is_still_an_error(header):
    error = parse_failure(header)
    assert isinstance(error, FedrotaError)
    assert len(error.message) <= 4100
