import threading

import pytest

from workers.executors.loop import ExecutorLoop


@pytest.fixture
def loop():
    made = ExecutorLoop()
    made.start()
    yield made
    made.stop()


def test_calls_come_in_order_in_one_thread_and_results_come_back_to_it(loop):
    done = threading.Event()
    seen: list[object] = []

    def note(value: object) -> None:
        seen.append((value, threading.current_thread().name))
        if value == "apart":
            done.set()

    loop.call(note, 1)
    loop.call(note, 2)
    loop.call(loop.later, 0.05, note, 3)
    loop.call(lambda: loop.aside(lambda: "aside", then=lambda got: (note(got), loop.apart(lambda: "apart", then=note))))
    assert done.wait(5)
    loop.stop()
    loop.call(note, "never")
    assert {name for _, name in seen} == {"executors"}
    assert [value for value, _ in seen][:2] == [1, 2]
    assert {value for value, _ in seen} >= {"aside", "apart"}


def test_an_error_that_nobody_foresaw_is_told(loop):
    told = threading.Event()
    loop.on_error = told.set
    loop.call(lambda: 1 / 0)
    assert told.wait(5)
