import multiprocessing
import os
import threading
import time

from scheduler.store.write_lock import WriteLock


def overlap(lock, log, guard):
    """Hold the lock many times; the log notes who is inside."""
    for _ in range(50):
        with lock.hold():
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


def test_threads_never_hold_it_together(tmp_path):
    lock, log, guard = WriteLock(tmp_path / "x.db"), [], threading.Lock()
    threads = [threading.Thread(target=overlap, args=(lock, log, guard)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(log), deepest(log)) == (400, 1)


def hold(path, taken, release):
    with WriteLock(path).hold():
        taken.set()
        release.wait(60)


def test_a_process_that_dies_gives_its_lock_back(tmp_path):
    context = multiprocessing.get_context("spawn")
    taken, release = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(tmp_path / "x.db", taken, release))
    holder.start()
    assert taken.wait(60)
    got = threading.Event()

    def wait_for_it():
        with WriteLock(tmp_path / "x.db").hold():
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
    lock = WriteLock(tmp_path / "x.db")
    thread = threading.Thread(target=overlap, args=(lock, [], threading.Lock()))
    thread.start()
    thread.join()
    assert count_open(tmp_path / "x.db-turn") == 0


def test_closing_spares_the_handle_that_is_in_use(tmp_path):
    lock = WriteLock(tmp_path / "x.db")
    with lock.hold():
        lock.close()
        assert count_open(tmp_path / "x.db-turn") == 1
    assert count_open(tmp_path / "x.db-turn") == 0
    with lock.hold():
        assert count_open(tmp_path / "x.db-turn") == 1
