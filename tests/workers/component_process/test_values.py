import numpy as np
import pytest

from scheduler.domain import messages
from workers.component_process.values import STEPS, decode_payload, encode_payload, to_plain


def there_and_back(value):
    return decode_payload(bytearray(b"".join(bytes(part) for part in encode_payload(value))))


@pytest.mark.parametrize("value", [b"", b"\x00\xff", {"a": [1, 2.5, None, "ü", True]}, [], "text", 3, None])
def test_bytes_and_json_come_back_as_they_were(value):
    assert there_and_back(value) == value


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12).reshape(3, 4),
        np.zeros((0, 3), np.float32),
        np.array(5.5),
        np.arange(10)[::2],
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array([True, False]),
        np.array(["ab", "c"]),
        np.array([1, 2], ">i4"),
        np.array([1 + 2j]),
    ],
)
def test_arrays_come_back_with_shape_and_type_and_can_be_changed(array):
    back = there_and_back(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert (back == array).all()
    assert back.flags.writeable or not back.size


def test_other_bytes_like_values_and_numpy_figures_are_taken():
    assert there_and_back(bytearray(b"ab")) == b"ab"
    assert there_and_back(memoryview(b"abc")) == b"abc"
    assert there_and_back({"n": np.int64(3), "f": np.float32(0.5), "a": np.arange(2)}) == {
        "n": 3,
        "f": 0.5,
        "a": [0, 1],
    }


@pytest.mark.parametrize("value", [object(), {1, 2}, {"x": object()}, np.array([object()], dtype=object)])
def test_what_cannot_be_sent_is_refused_with_the_reason(value):
    with pytest.raises(TypeError, match="no JSON value|cannot be sent"):
        encode_payload(value)


def test_an_array_of_objects_from_a_peer_is_refused():
    with pytest.raises(ValueError, match="refused"):
        decode_payload(bytearray(b"A\x00\x0a" + b'["|O",[1]]' + bytes(8)))
    with pytest.raises(ValueError, match="unknown kind"):
        decode_payload(bytearray(b"?x"))


def test_plain_values_have_no_nan_and_text_keys():
    assert to_plain({1: float("nan"), "a": (float("inf"), np.float64(2))}) == {"1": None, "a": [None, 2.0]}
    with pytest.raises(TypeError, match="set is no JSON value"):
        to_plain({"a": {1}})


def test_a_component_may_use_the_steps_that_a_store_can_keep():
    assert STEPS == messages.STEPS
