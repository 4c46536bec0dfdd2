"""Requests as values."""

import pytest

from fedrota.errors import FedrotaError
from fedrota.model import Job
from fedrota.requests.call import Call, get_list, make_path, make_query
from fedrota.responses import many, parse_nothing


def test_path_quotes_every_part():
    assert make_path("jobs", "a/../b ?#ö") == "/jobs/a%2F..%2Fb%20%3F%23%C3%B6"


@pytest.mark.parametrize(("part", "how"), [("", "empty: is a variable"), (".", "'.'"), ("..", "'..'")])
def test_a_part_that_would_make_it_another_path_is_refused(part, how):
    with pytest.raises(FedrotaError, match=f"an id or a name for /parties is {how}"):
        make_path("parties", "9999", "tables", part)


def test_query_leaves_out_none_and_repeats_lists():
    assert make_query(a=None, b=[1, 2], c=True, d="", e=()) == (("b", "1"), ("b", "2"), ("c", "true"), ("d", ""))


def test_next_page_keeps_the_filters():
    call = get_list("/jobs", many(Job), make_query(state="failed", after="old"))
    assert call.after("c").query == (("state", "failed"), ("after", "c"))
    assert call.after("c").repeatable


def test_arguments_hold_only_what_there_is():
    call = Call(method="POST", path="/x", parse=parse_nothing)
    assert call.arguments() == {"method": "POST", "url": "/fedrota/v1/x", "headers": {}}
    assert Call(method="POST", path="/x", parse=parse_nothing, body={}).arguments()["json"] == {}
