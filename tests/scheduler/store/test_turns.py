import multiprocessing
import os
import threading
import time

from scheduler.store.turns import Turns


def overlap(turns, log, guard):
    """Take a turn many times; the log notes who is inside."""
    for _ in range(50):
        with turns.take():
            with guard:
                log.append(1)
            time.sleep(0.0005)
            with guard:
                log.append(-1)


def deepest(log):
    depth = most = 0
    for step in log:
        depth += step
        most = max(most, depth)
    return most


def test_threads_never_share_a_turn(tmp_path):
    turns, log, guard = Turns(tmp_path / "x.db"), [], threading.Lock()
    threads = [threading.Thread(target=overlap, args=(turns, log, guard)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(log), deepest(log)) == (400, 1)


def hold(path, taken, release):
    with Turns(path).take():
        taken.set()
        release.wait(60)


def test_a_process_that_dies_gives_its_turn_back(tmp_path):
    context = multiprocessing.get_context("spawn")
    taken, release = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(tmp_path / "x.db", taken, release))
    holder.start()
    assert taken.wait(60)
    got = threading.Event()

    def wait_for_it():
        with Turns(tmp_path / "x.db").take():
            got.set()

    waiter = threading.Thread(target=wait_for_it, daemon=True)
    waiter.start()
    assert not got.wait(0.2)
    holder.kill()
    assert got.wait(60)
    holder.join()


def count_open(path):
    """How many files this process has open at the path."""
    links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    return sum(os.path.realpath(link) == str(path) for link in links)


def test_a_thread_that_has_ended_keeps_no_file_open(tmp_path):
    turns = Turns(tmp_path / "x.db")
    thread = threading.Thread(target=overlap, args=(turns, [], threading.Lock()))
    thread.start()
    thread.join()
    assert count_open(tmp_path / "x.db-turn") == 0


def test_closing_spares_the_handle_that_is_in_use(tmp_path):
    turns = Turns(tmp_path / "x.db")
    with turns.take():
        turns.close()
        assert count_open(tmp_path / "x.db-turn") == 1
    assert count_open(tmp_path / "x.db-turn") == 0
    with turns.take():
        assert count_open(tmp_path / "x.db-turn") == 1
