import hashlib

import pytest

from tests.workers.fakes import make_peer, until

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


def test_a_component_tells_all_while_it_runs_and_leaves_an_output(workshop):
    run = workshop.run("telling")
    ending = run.sink.wait()
    assert ending.outcome == "success"
    unkept = (
        "metric loss at step 2 is nan: not finite, so it is not kept\n"
        "metric loss at step 9223372036854775808 is 0.25: the step is beyond 64 bits, so it is not kept\n"
    )
    assert run.log == f"a line\nanother\n{unkept}"
    assert ending.log_size == len(run.log)
    assert [(point.name, point.step, point.value) for point in run.sink.points] == [("loss", 1, 0.5), ("auc", -1, 0.75)]
    assert run.sink.fractions == [0.5, 1.0]
    assert run.sink.summary == {"rows": 3, "nothing": None, "nested": {"a": [1, 0.5]}}
    (output,) = ending.outputs
    assert (output.name, output.kind, output.size, output.facts) == ("model", "model", 7, {"rounds": 4})
    assert output.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert (run.place.outputs / "model").read_text() == "weights"


def test_an_output_that_was_begun_by_a_failing_block_is_removed(workshop):
    run = workshop.run("half")
    run.sink.wait()
    assert not (run.place.outputs / "model").exists()


def test_inputs_and_tables_are_found_by_name(workshop, tmp_path):
    (tmp_path / "left").write_text("from before")
    folder = workshop.folder / "tables" / "n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "there.parquet").write_text("")
    run = workshop.run("reading", inputs={"left": tmp_path / "left"})
    ending = run.sink.wait()
    assert run.sink.summary == {"text": "from before", "right": False, "table": "there.parquet"}
    assert ending.kind == "invalid"
    assert ending.message == "party 9999 has no table 'absent' in namespace 'default'; it has none"


def test_two_components_exchange_arrays_values_and_bytes(workshop):
    guest = workshop.run("talking", task="g", role="guest", party="9999", peers=HOST)
    host = workshop.run("talking", task="h", role="host", party="10000", peers=GUEST)
    assert [guest.sink.wait().message, host.sink.wait().message] == ["", ""]
    assert guest.sink.summary == {
        "total": 21.0,
        "got": {"who": "host", "n": 2},
        "raw": [0, 1],
        "members": ["9999", "10000"],
    }
    assert {"g", "h"} <= set(workshop.letters.opened)
    assert {("g", "success"), ("h", "success")} <= set(workshop.letters.closed)


def test_one_thread_may_send_while_another_waits(workshop):
    run = workshop.run("hearing", task="x", peers=(make_peer("x2", "host", "1"), make_peer("x", "guest", "9999")))
    until(lambda: ("x2", "late", 0) in workshop.letters.sent)
    workshop.letters.asked.pop(("x", "late", 0))(b"J[3]", "")
    assert run.sink.wait().outcome == "success"
    assert run.sink.summary == {"got": [[3]]}


def test_a_message_that_can_never_come_fails_the_task_with_the_reason(workshop):
    run = workshop.run("waiting", params={"name": "never"}, peers=HOST)
    ending = run.sink.wait()
    assert (ending.kind, ending.message) == ("unreachable", "party 10000 has ended")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": 5}, "a message's name must be a text, this one is 5"),
        ({"name": "x", "round": "1"}, "a message's round must be a whole number, this one is '1'"),
        ({"name": "x", "timeout_s": "5"}, "timeout_s must be a number of seconds, it is '5'"),
    ],
)
def test_a_message_that_the_exchange_could_not_know_is_an_error_at_once(workshop, arguments, message):
    run = workshop.run("mistaking", params={"arguments": arguments}, peers=HOST)
    assert run.sink.wait().message == f"TypeError: {message}"
