"""Several files on their way at once."""

import io

import pytest

from fedrota.attachments import open_files
from fedrota.errors import FedrotaError


def test_what_several_files_report_is_added_up(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    seen = []
    with open_files({"one": tmp_path / "a", "two": io.BytesIO(b"678")}, lambda *pair: seen.append(pair)) as sources:
        assert [b"".join(source.blocks()) for source in sources.values()] == [b"12345", b"678"]
    assert seen == [(5, 8), (8, 8)]


def test_where_one_length_is_unknown_so_is_the_sum():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    seen = []
    with open_files({"a": Pipe(b"12"), "b": io.BytesIO(b"3")}, lambda *pair: seen.append(pair)) as sources:
        for source in sources.values():
            list(source.blocks())
    assert seen == [(2, None), (3, None)]


def test_a_missing_file_is_found_before_anything_is_read_and_the_others_are_closed(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    with (
        pytest.raises(FedrotaError, match="cannot read"),
        open_files({"a": tmp_path / "a", "b": tmp_path / "none"}, None),
    ):
        pytest.fail("the block began")


def test_no_files_are_no_files():
    with open_files(None, None) as sources:
        assert sources == {}
