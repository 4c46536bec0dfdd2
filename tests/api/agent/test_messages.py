import json

import pytest

from api.agent.messages import MAX_ITEMS, MAX_NAME, MAX_REPEATS, parse_hello, parse_sync, render
from api.bodies import MalformedBodyError
from scheduler.domain.errors import InvalidDocumentError
from scheduler.domain.messages import Claim, SyncReply

BEAT = '{"agent":"a","beats":[{"task":"t","seq":1,"batch":1,"metrics":[%s]}]}'

HELLO = (
    '{"protocol":1,"agent":"a","version":"1","slots":%d,"executors":[],"components":[],"identity":"","facts":{"n":%d}}'
)


def test_a_call_with_everything_left_out():
    assert parse_sync(b'{"agent": "a"}').claims == ()
    assert parse_sync(b'{"agent": "a", "claims": [{"task": "t", "seq": 2}]}').claims == (Claim("t", 2),)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_figures_that_are_not_finite_are_dropped_and_the_others_kept(value):
    bad = f'{{"name":"loss","step":1,"value":{value},"at":1.0}}'
    good = '{"name":"loss","step":2,"value":0.5,"at":1.0}'
    (beat,) = parse_sync((BEAT % f"{bad},{good}").encode()).beats
    assert [point.step for point in beat.metrics] == [2]


@pytest.mark.parametrize("step", [1 << 63, (1 << 64) - 1, 1 << 70, -(1 << 63) - 1])
def test_points_at_a_step_that_no_store_can_keep_are_dropped_because_the_worker_would_send_them_for_ever(step):
    bad = f'{{"name":"loss","step":{step},"value":1.0,"at":1.0}}'
    last = f'{{"name":"loss","step":{(1 << 63) - 1},"value":0.5,"at":1.0}}'
    (beat,) = parse_sync((BEAT % f"{bad},{last}").encode()).beats
    assert [point.step for point in beat.metrics] == [(1 << 63) - 1]


@pytest.mark.parametrize("at", ["1e300", "253402300800", "-1", "1e999"])
def test_points_at_no_date_are_dropped_because_nobody_could_read_the_curve(at):
    bad = f'{{"name":"loss","step":1,"value":1.0,"at":{at}}}'
    good = '{"name":"loss","step":2,"value":0.5,"at":253402300799.0}'
    (beat,) = parse_sync((BEAT % f"{bad},{good}").encode()).beats
    assert [point.step for point in beat.metrics] == [2]


def test_nul_in_a_message_is_replaced_because_a_refused_report_would_come_for_ever():
    raw = b'{"agent":"a","reports":[{"task":"t","seq":1,"outcome":"failed","message":"a\\u0000b"}]}'
    assert parse_sync(raw).reports[0].message == "a\ufffdb"


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b'{"agent": 1}', b'{"agent": "a", "claims": [{"task": "t"}]}', b"\xff"]
)
def test_what_is_no_call_is_refused(raw):
    with pytest.raises(InvalidDocumentError):
        parse_sync(raw)


def test_what_is_no_json_is_told_apart():
    with pytest.raises(MalformedBodyError):
        parse_sync(b"{")
    with pytest.raises(MalformedBodyError):
        parse_hello(b'{"a": NaN}')


def test_an_answer_is_json():
    assert render(SyncReply()) == b'{"claims":[],"reports":[],"beats":[]}'


@pytest.mark.parametrize("number", [1 << 63, 1 << 70, -(1 << 70), -1])
def test_numbers_that_no_store_can_keep_are_cleaned_because_a_refused_report_would_come_for_ever(number):
    output = f'{{"name":"o","kind":"file","size":{number},"sha256":"","facts":{{"n":{1 << 70}}}}}'
    said = f'"seq":{number},"log_size":{number}'
    raw = (
        f'{{"agent":"a","claims":[{{"task":"t","seq":{number}}}],'
        f'"beats":[{{"task":"t",{said},"batch":{number},"progress":1e300}}],'
        f'"reports":[{{"task":"t",{said},"outcome":"success","summary":{{"n":[{1 << 70}]}},"outputs":[{output},{output}]}}]}}'
    )
    call = parse_sync(raw.encode())
    (claim,), (beat,), (report,) = call.claims, call.beats, call.reports
    (left,) = report.outputs
    assert claim.seq == beat.seq == report.seq == -1
    assert all(0 <= size < 1 << 53 for size in (beat.log_size, report.log_size, left.size))
    assert (beat.progress, report.summary, left.facts) == (1.0, {}, {})
    assert 0 <= beat.batch < 1 << 31


def test_an_output_whose_name_is_too_long_for_a_key_is_dropped_because_the_report_would_come_for_ever():
    """PostgreSQL's refusal looked like a database that is away."""
    outputs = [{"name": "x" * length, "kind": "file", "size": 1, "sha256": ""} for length in (MAX_NAME, MAX_NAME + 1)]
    raw = json.dumps({"agent": "a", "reports": [{"task": "t", "seq": 1, "outcome": "success", "outputs": outputs}]})
    (report,) = parse_sync(raw.encode()).reports
    assert [len(output.name) for output in report.outputs] == [MAX_NAME]


def test_a_hello_with_a_components_name_that_is_too_long_for_a_key_is_refused():
    hello = json.loads(HELLO % (1, 1)) | {"components": [{"name": "x" * (MAX_NAME + 1), "params": {}}]}
    with pytest.raises(InvalidDocumentError, match=r"components\.0\.name: is longer than 512 characters"):
        parse_hello(json.dumps(hello).encode())


@pytest.mark.parametrize("number", [1 << 63, -1])
def test_a_hello_with_slots_that_no_store_can_keep_is_refused(number):
    with pytest.raises(InvalidDocumentError):
        parse_hello((HELLO % (number, 1)).encode())


def test_a_hello_with_facts_that_no_store_can_keep_is_refused():
    with pytest.raises(InvalidDocumentError):
        parse_hello((HELLO % (1, 1 << 70)).encode())
    assert parse_hello((HELLO % (1, 1)).encode()).facts == {"n": 1}


@pytest.mark.parametrize("kind", ["claims", "reports", "beats"])
def test_a_call_that_would_keep_others_waiting_is_refused(kind):
    def call(tasks):
        items = [{"task": task, "seq": 1} | ({"outcome": "success"} if kind == "reports" else {}) for task in tasks]
        return json.dumps({"agent": "a", kind: items}).encode()

    assert len(getattr(parse_sync(call(map(str, range(MAX_ITEMS)))), kind)) == MAX_ITEMS
    with pytest.raises(InvalidDocumentError, match=f"more than {MAX_ITEMS} claims"):
        parse_sync(call(map(str, range(MAX_ITEMS + 1))))
    assert len(getattr(parse_sync(call("t" * (MAX_REPEATS + 1))), kind)) == MAX_REPEATS + 1
    with pytest.raises(InvalidDocumentError, match="again and again"):
        parse_sync(call("t" * (MAX_REPEATS + 2)))


def test_each_component_of_a_hello_is_looked_at_also_of_two_with_one_name():
    offers = [{"name": "c", "params": {"n": number}} for number in (1 << 70, 1)]
    hello = json.loads(HELLO % (1, 1)) | {"components": offers}
    with pytest.raises(InvalidDocumentError, match=r"components\.0\.params"):
        parse_hello(json.dumps(hello).encode())
