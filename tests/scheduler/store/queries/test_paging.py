"""Cursors."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import InvalidDocumentError
from scheduler.store.queries.paging import make_page, parse_cursor, render_cursor


@given(st.floats(0, 1e11), st.text().filter(lambda text: "\0" not in text))
def test_a_cursor_comes_back_as_it_was(at, name):
    assert parse_cursor(render_cursor([at, name]), float, str) == [at, name]


def test_no_cursor_is_the_beginning():
    assert parse_cursor(None, int) is None


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!", "ä", "====", "a" * 10_000, base64.urlsafe_b64encode(b"\xff\xff").decode(),
     base64.urlsafe_b64encode(b"[" * 5000).decode(), base64.urlsafe_b64encode(b"[1e999]").decode()],
)  # fmt: skip
def test_garbage_is_refused_in_words(cursor):
    with pytest.raises(InvalidDocumentError) as wrong:
        parse_cursor(cursor, int)
    assert str(wrong.value) == "after: not a cursor of this list Leave it out to begin at the start."


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(cursor):
    with suppress(InvalidDocumentError):
        parse_cursor(cursor, float, str)


@pytest.mark.parametrize(
    ("key", "kinds"),
    [([1], (str,)), ([1, 2], (int,)), ([], (int,)), ([2**63], (int,)), ([-1], (int,)), ([2**70], (int,)),
     ([1e12], (float,)), ([True], (int,)), (["a\0"], (str,)), ("x", (str,))],
)  # fmt: skip
def test_a_key_of_another_list_is_refused(key, kinds):
    cursor = base64.urlsafe_b64encode(str(key).replace("'", '"').replace("True", "true").encode()).decode()
    with pytest.raises(InvalidDocumentError):
        parse_cursor(cursor, *kinds)


def test_a_page_names_the_last_item_shown_where_there_are_more():
    page = make_page([1, 2, 3], 2, str, lambda row: [row])
    assert page.items == ["1", "2"]
    assert parse_cursor(page.next, int) == [2]
    assert make_page([1, 2], 2, str, lambda row: [row]).next is None
    assert make_page([], 2, str, lambda row: [row]).items == []
