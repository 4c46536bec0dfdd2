"""Values on their way out of a task's process: exchange payloads as bytes, figures as plain JSON."""

import json
import math
import sys
from collections.abc import Mapping
from typing import Any, Final

BYTES: Final = b"B"
VALUES: Final = b"J"
ARRAY: Final = b"A"
STEPS: Final = range(-(1 << 63), 1 << 63)
"""As `scheduler.domain.messages.STEPS`, which a task's process does not load."""


def encode_payload(value: Any) -> tuple[bytes, bytes | memoryview]:
    """A message as (prefix, body): bytes, a numpy array, or JSON values; TypeError for anything else."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return BYTES, memoryview(value).cast("B") if isinstance(value, memoryview) else bytes(value)
    if _is_array(value):
        return _encode_array(value)
    return VALUES, json.dumps(value, separators=(",", ":"), default=_plain).encode()


def decode_payload(payload: bytearray) -> Any:
    """The message that `encode_payload` made into `payload`; an array keeps using its memory."""
    kind, body = bytes(payload[:1]), memoryview(payload)[1:]
    if kind == BYTES:
        return bytes(body)
    if kind == VALUES:
        return json.loads(bytes(body))
    if kind == ARRAY:
        return _decode_array(body)
    raise ValueError(f"a message of the unknown kind {kind!r} came from a peer")


def to_plain(value: Any) -> Any:
    """`value` in JSON's terms: numpy figures as Python's, arrays as lists, what is not finite as None."""
    if isinstance(value, float) or value is None or isinstance(value, (str, bool, int)):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return to_plain(_plain(value))


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _plain(value: Any) -> Any:
    """A numpy figure or array in Python's terms."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return value.tolist()
    if numpy is not None and isinstance(value, numpy.generic):
        return value.item()
    raise TypeError(
        f"a {type(value).__name__} is no JSON value: use dict, list, str, int, float, bool, None or numpy figures"
    )


def _encode_array(array: Any) -> tuple[bytes, memoryview]:
    import numpy as np

    if array.dtype.hasobject:
        raise TypeError("an array of Python objects cannot be sent: use numbers, booleans or fixed-length text")
    whole = np.ascontiguousarray(array)
    facts = json.dumps([array.dtype.str, list(array.shape)]).encode()
    body = whole.reshape(-1).view(np.uint8).data if whole.size else memoryview(b"")
    return ARRAY + len(facts).to_bytes(2, "big") + facts, body


def _decode_array(body: memoryview) -> Any:
    import numpy as np

    size = int.from_bytes(body[:2], "big")
    dtype, shape = json.loads(bytes(body[2 : 2 + size]))
    kind = np.dtype(dtype)
    if kind.hasobject:
        raise ValueError("an array of Python objects came from a peer; it is refused")
    return np.frombuffer(body[2 + size :], dtype=kind).reshape(shape)
