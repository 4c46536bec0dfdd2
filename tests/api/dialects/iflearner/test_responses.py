import json
from datetime import UTC, datetime, timedelta

from api.dialects.iflearner.errors import RefusedError
from api.dialects.iflearner.responses import (
    DETAIL,
    render_federates,
    render_refusal,
    render_success,
    render_task,
    render_template,
    render_time,
)
from scheduler.domain.model import Party
from scheduler.store.queries.templates import Template

THEN = datetime(2022, 7, 25, 15, 59, 55, tzinfo=UTC)


def make_stored(kind, **body):
    return Template(
        id="x", project="p", kind=kind, name="n", body=body, owner="o", created=THEN, modified=THEN + timedelta(days=1)
    )


def test_times_have_the_form_of_the_published_samples():
    assert render_time(THEN) == "Mon, 25 Jul 2022 15:59:55 -0000"


def test_success_without_data_leaves_the_key_out():
    assert json.loads(render_success().body) == {"ret_code": 0, "ret_msg": "success"}
    assert json.loads(render_success({}).body)["data"] == {}


def test_a_refusal_is_http_200_and_says_more_only_in_a_header():
    answer = render_refusal(RefusedError(10304, detail="not registered: b\nor c \u00e9"))
    assert (answer.status, json.loads(answer.body)) == (200, {"ret_code": 10304, "ret_msg": "task party not found"})
    assert answer.headers[DETAIL] == "not registered: b or c ?"


def test_a_template_has_its_nine_fields():
    body = {"image_url": "i", "workdir": "/w", "command": ["c"], "remark": "", "hyper_parameter": None}
    assert render_template(make_stored("iflearner.template", **body)) == {
        "name": "n", "template_id": "x", **body,
        "create_time": "Mon, 25 Jul 2022 15:59:55 -0000", "modify_time": "Tue, 26 Jul 2022 15:59:55 -0000",
    }  # fmt: skip


def test_a_task_has_its_nine_fields_and_no_status_before_its_start():
    found = render_task(make_stored("iflearner.task", template_id="t", remark="r", federate_data=[]), {})
    assert set(found) == {
        "name", "remark", "template_id", "federate_data", "task_id", "status", "party_status", "create_time", "modify_time",
    }  # fmt: skip
    assert (found["status"], found["party_status"]) == (None, None)


def test_a_federate_has_the_original_s_two_fields_and_whether_it_is_there():
    party = Party(
        id="a", org="", slots=1, drained=False, created=THEN, last_seen=THEN, agent=None, version="",
    )  # fmt: skip
    found = render_federates([party], now=THEN + timedelta(seconds=30), offline_s=20)
    assert found == {
        "federates": [{"name": "a", "id": "a", "online": False, "last_seen": "Mon, 25 Jul 2022 15:59:55 -0000"}],
        "federate_count": 1,
    }
