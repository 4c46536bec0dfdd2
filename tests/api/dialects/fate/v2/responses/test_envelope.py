import json

from aiohttp import web

from api.dialects.fate.responses.envelope import render_success as render_first
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.responses.envelope import render_refusal, render_success, take_data


def read(answer):
    return json.loads(answer.body)


def test_members_without_a_value_are_left_out():
    assert read(render_success()) == {"code": 0, "message": "success"}
    assert read(render_success([], job_id="1")) == {"code": 0, "message": "success", "job_id": "1", "data": []}


def test_a_refusal_is_json_at_200_with_the_bare_media_type_that_clients_compare():
    answer = render_refusal(FlowError(Code.TABLE_NOT_FOUND, "none"))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert read(answer) == {"code": 7001, "message": "none"}


def test_what_fate_1_answers_is_taken_over():
    assert take_data(render_first({"a": 1})) == {"a": 1}
    assert take_data(render_first()) is None
    assert take_data(web.StreamResponse()) is None
