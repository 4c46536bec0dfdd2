"""The yardstick: 1,000 Celery no-ops over two workers, on the same broker, in the same run."""

import subprocess
import sys
import time
from pathlib import Path

import redis
from celery import Celery
from kombu import Queue

from scheduler.queues.app import make_celery

QUEUES = ("raw.a", "raw.b")
COUNTER = "raw:done"


def make_app(broker_url: str, queue: str) -> Celery:
    """A worker with the settings of ours, whose task does nothing; only the last of a run says so."""
    app = make_celery("raw", broker_url=broker_url, queue=queue, profile="sealed")
    app.conf.task_queues = [Queue(queue)]
    broker = redis.Redis.from_url(broker_url)

    def noop(is_last: bool) -> None:  # noqa: FBT001  a Celery argument
        if is_last:
            broker.incr(COUNTER)

    app.task(name="raw.noop")(noop)
    return app


def run_raw(broker_url: str, *, tasks: int, repeats: int) -> list[float]:
    """Seconds from the first publish to the last task's end, for each repeat."""
    command = [sys.executable, "-m", "benchmarks.raw_celery", broker_url]
    workers = [
        subprocess.Popen(
            [*command, queue], cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for queue in QUEUES
    ]
    broker = redis.Redis.from_url(broker_url)
    app = make_celery("raw", broker_url=broker_url, queue=QUEUES[0], profile="sealed")
    app.conf.task_create_missing_queues = True
    try:
        _run_once(app, broker, tasks=10)
        return [_run_once(app, broker, tasks=tasks) for _ in range(repeats)]
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(timeout=30)
        app.close()
        broker.close()


def _run_once(app: Celery, broker: redis.Redis, *, tasks: int) -> float:
    broker.delete(COUNTER)
    begin = time.perf_counter()
    for number in range(tasks):
        # Each queue is worked off in order by one worker, so its last task is the last to end.
        app.send_task("raw.noop", [number >= tasks - 2], queue=QUEUES[number % 2])
    while int(broker.get(COUNTER) or 0) < len(QUEUES):
        time.sleep(0.001)
    return time.perf_counter() - begin


if __name__ == "__main__":
    url, name = sys.argv[1:]
    make_app(url, name).worker_main(
        ["worker", "-Q", name, "-n", f"{name}@%h", "--pool", "solo", "-l", "ERROR",
         "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )  # fmt: skip
