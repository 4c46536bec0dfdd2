import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.filters import (
    fits,
    known_columns,
    read_choices,
    read_filters,
    read_paging,
    sort_rows,
)

ROW = {
    "job_id": "1",
    "party_id": "9999",
    "is_initiator": True,
    "create_time": 50,
    "roles": {"guest": [1]},
    "end_time": None,
}


@pytest.mark.parametrize(
    ("filters", "result"),
    [
        ({}, True),
        ({"party_id": 9999}, True),
        ({"party_id": "9999"}, True),
        ({"party_id": [1, 9999]}, True),
        ({"party_id": [1, 2]}, False),
        ({"is_initiator": 1}, True),
        ({"is_initiator": "false"}, False),
        ({"create_time": [10, 60]}, True),
        ({"create_time": [60, 10]}, True),
        ({"create_time": [60, 70]}, False),
        ({"create_time": [1, 2, 50]}, True),
        ({"create_time": 50}, True),
        ({"roles": {"guest": [1]}}, True),
        ({"roles": {"guest": [2]}}, False),
        ({"end_time": [0, 100]}, False),
    ],
)
def test_one_value_is_equal_a_list_has_it_and_two_numbers_are_a_range(filters, result):
    assert fits(ROW, filters) is result


def test_only_known_columns_that_are_not_null_narrow():
    members = {"job_id": "1", "role": None, "function": "query_job", "dsl": "dsl.json", "local": {}}
    assert read_filters(members, {"job_id", "role", "dsl"}) == {"job_id": "1"}
    assert read_filters({"dsl": {"components": {}}}, {"dsl"}) == {"dsl": {"components": {}}}


def test_pages_count_from_one_and_no_limit_means_all():
    assert read_paging({"limit": 10, "page": 3}) == (10, 20)
    assert read_paging({"limit": "10"}) == (10, 0)
    assert read_paging({})[1] == 0
    assert read_paging({"limit": 0})[0] >= 10_000


@pytest.mark.parametrize(
    "given", [{"limit": -1}, {"limit": "x"}, {"page": 0}, {"page": 1.5}, {"limit": True}, {"page": "1" * 5000}]
)
def test_a_bad_page_is_http_400(given):
    with pytest.raises(FateError) as refused:
        read_paging(given)
    assert (refused.value.status, refused.value.retcode) == (400, 400)


def test_a_choice_is_one_or_several_of_what_is_known():
    assert read_choices({"role": "guest"}, "role", ("guest", "host")) == ["guest"]
    assert read_choices({"role": ["host", "guest"]}, "role", ("guest", "host")) == ["host", "guest"]
    assert read_choices({}, "role", ("guest",)) == []
    with pytest.raises(FateError, match="role should be one of guest"):
        read_choices({"role": "boss"}, "role", ("guest",))


def test_rows_are_sorted_as_asked_with_what_has_not_happened_first():
    rows = [{"end_time": 3}, {"end_time": None}, {"end_time": 1}]
    default = ("end_time", False)
    assert [row["end_time"] for row in sort_rows(rows, {}, ("end_time",), default=default)] == [None, 1, 3]
    ordered = sort_rows(rows, {"order": "desc", "order_by": "end_time"}, ("end_time",), default=default)
    assert [row["end_time"] for row in ordered] == [3, 1, None]
    assert known_columns(("end_time", "task_version"), rows) == ["end_time"]
