"""Replies that are as promised, newer, older, or from something else entirely."""

import httpx
import pytest

from fedrota import errors
from fedrota.model import Event, Job, Party, Task, Token
from fedrota.responses import check, many, one, parse_record, parse_refusal, parse_time

TASK = {"id": "t", "job": "j", "step": "s", "role": "r", "party": "1", "state": "failed"}


def reply(status=200, **given):
    return httpx.Response(status, request=httpx.Request("GET", "http://gw/x"), **given)


def test_unknown_fields_are_ignored_and_absent_ones_take_their_default():
    task = parse_record(Task, {**TASK, "new": 1, "summary": None, "failure": {"kind": "error"}})
    assert (task.summary, task.failure.kind, task.failure.message) == ({}, "error", "")


def test_numbers_and_party_ids_are_taken_as_they_come():
    assert parse_record(Task, {**TASK, "party": 9999, "progress": 1}).party == "9999"
    assert parse_record(Task, {**TASK, "progress": 1}).progress == 1.0


@pytest.mark.parametrize(
    ("kind", "raw", "message"),
    [
        (Job, {"id": "j", "state": "x"}, "Job has no field 'name'"),
        (Job, [], r"sent \[\] where a Job belongs"),
        (Job, {"id": "j", "name": "n", "state": "s", "steps": {}}, r"Job.steps is \{\}"),
        (Job, {"id": "j", "name": "n", "state": "s", "created": "noon"}, "'noon' where a time belongs"),
        (Job, {"id": "j", "name": "n", "state": "s", "created": "2026-01-01T00:00:00"}, "without its zone"),
        (Event, {"id": "x", "level": "job", "event": "e"}, "Event.id is 'x'"),
        (Party, {"id": "1", "facts": "f" * 100}, r"Party.facts is 'f+\.\.\."),
    ],
)
def test_broken_records_are_named(kind, raw, message):
    with pytest.raises(errors.BrokenReplyError, match=message):
        parse_record(kind, raw)


def test_time_is_aware():
    assert parse_time("2026-01-02T03:04:05.5Z").isoformat() == "2026-01-02T03:04:05.500000+00:00"


def test_secret_shows_in_no_repr():
    token = parse_record(Token, {"id": "k", "kind": "user", "secret": "frt_k_s"})
    assert token.secret == "frt_k_s"
    assert "frt_k_s" not in repr(token)


@pytest.mark.parametrize("body", ["<html>", "", "nul"])
def test_something_else_at_the_address(body):
    with pytest.raises(errors.BrokenReplyError, match="is that address a fedrota gateway"):
        one(Job)(reply(text=body))


@pytest.mark.parametrize("body", [[], {}, {"items": {}}, 3])
def test_list_without_items(body):
    with pytest.raises(errors.BrokenReplyError, match="where a list with 'items' belongs"):
        many(Job)(reply(json=body))


@pytest.mark.parametrize(("code", "kind"), errors.BY_CODE.items())
def test_each_code_has_its_error(code, kind):
    found = parse_refusal(reply(418, json={"error": {"code": code, "message": "m"}}))
    assert type(found) is kind
    assert found.status == 418
    assert found.message == "m"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, errors.UnauthenticatedError), (404, errors.NotFoundError), (413, errors.TooLargeError),
     (502, errors.InternalError), (503, errors.UnreachableError), (301, errors.InternalError)],
)  # fmt: skip
def test_refusal_without_our_body_goes_by_its_status(status, kind):
    found = parse_refusal(reply(status, text="<html>nginx</html>"))
    assert type(found) is kind
    assert f"http://gw/x answered {status}" in found.message


def test_busy_says_when_to_come_back():
    body = {"error": {"code": "busy", "message": "too many open jobs"}}
    assert parse_refusal(reply(429, json=body, headers={"Retry-After": "7"})).retry_after_s == 7.0
    assert parse_refusal(reply(429, json=body, headers={"Retry-After": "Wed, 1 Jan"})).retry_after_s == 1.0


def test_success_is_no_error():
    check(reply(204))
    with pytest.raises(errors.InternalError):
        check(reply(500))
