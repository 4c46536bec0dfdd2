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
    assert done.wait(60)
    loop.stop()
    loop.call(note, "never")
    assert {name for _, name in seen} == {"executors"}
    assert [value for value, _ in seen][:2] == [1, 2]
    assert {value for value, _ in seen} >= {"aside", "apart"}


@pytest.mark.parametrize(
    "fail",
    [
        lambda loop: loop.call(lambda: 1 / 0),
        lambda loop: loop.call(lambda: loop.aside(lambda: 1 / 0, then=print)),
        lambda loop: loop.call(lambda: loop.apart(lambda: 1 / 0, then=print)),
    ],
)
def test_an_error_that_nobody_foresaw_is_told(loop, fail, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _error: None)
    told = threading.Event()
    loop.on_error = told.set
    fail(loop)
    assert told.wait(60)


def test_a_crowd_of_calls_from_many_threads_loses_none_and_wakes_the_loop_seldom(loop):
    seen: list[tuple[int, int]] = []
    wakes: list[object] = []
    wake = loop.aio.call_soon_threadsafe
    loop.aio.call_soon_threadsafe = lambda function, *args: (wakes.append(function), wake(function, *args))
    go_on, done = threading.Event(), threading.Event()
    loop.call(go_on.wait, 60)

    def crowd(name: int) -> None:
        for number in range(500):
            loop.call(seen.append, (name, number))

    threads = [threading.Thread(target=crowd, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    go_on.set()
    loop.call(done.set)
    assert done.wait(60)
    assert [sorted(number for who, number in seen if who == name) for name in range(4)] == [list(range(500))] * 4
    assert all([number for who, number in seen if who == name] == list(range(500)) for name in range(4))
    assert len(wakes) < 20


def test_the_error_of_one_call_keeps_back_no_other(loop):
    go_on, done = threading.Event(), threading.Event()
    loop.call(go_on.wait, 60)
    loop.call(lambda: 1 / 0)
    loop.call(done.set)
    go_on.set()
    assert done.wait(60)


def test_what_was_called_before_the_stop_is_done():
    loop = ExecutorLoop()
    seen: list[int] = []
    for number in range(10):
        loop.call(seen.append, number)
    loop.start()
    loop.stop()
    assert seen == list(range(10))
