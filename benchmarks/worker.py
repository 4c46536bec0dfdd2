"""No-op tasks a second through the component executor: in warm processes, and in one forked for each."""

import tempfile
import threading
import time
from pathlib import Path

from scheduler.domain.messages import Assignment, MetricPoint
from workers.exchange.port import Bytes, Letter, OnMessage, OnSent
from workers.executors.base import Ending, Limits, Place
from workers.executors.component import ComponentExecutor
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery

COMPONENTS = Path(__file__).with_name("worker_components.py")


class _NoExchange:
    """The exchange of tasks that do not exchange."""

    def open(self, assignment: Assignment) -> None:
        """Nothing."""

    def send(self, task: str, seq: int, letter: Letter, payload: Bytes, *, on_done: OnSent) -> None:
        """Nothing."""

    def recv(self, task: str, seq: int, letter: Letter, *, timeout_s: float | None, on_message: OnMessage) -> None:
        """Nothing."""

    def close(self, task: str, seq: int, outcome: str) -> None:
        """Nothing."""


class _Counter:
    """The sink of all tasks: keeps `slots` of them under way and counts the ends."""

    def __init__(self, slots: int) -> None:
        self.free = threading.Semaphore(slots)
        self.failed: list[Ending] = []

    def started(self, pid: int, birth: int = 0) -> None:
        """Nothing."""

    def progressed(self, fraction: float) -> None:
        """Nothing."""

    def measured(self, points: tuple[MetricPoint, ...]) -> None:
        """Nothing."""

    def summed(self, values: object) -> None:
        """Nothing."""

    def is_full(self) -> bool:
        """Never."""
        return False

    def ended(self, ending: Ending) -> None:
        """One more."""
        if ending.outcome != "success":
            self.failed.append(ending)
        self.free.release()


def measure(executor: ComponentExecutor, folder: Path, name: str, *, tasks: int, slots: int) -> float:
    """Tasks a second of component `name`, `slots` at once."""
    counter = _Counter(slots)
    begin = time.perf_counter()
    for number in range(tasks):
        counter.free.acquire()
        executor.start(_make_assignment(name, number), _make_place(folder, number), counter)
    for _ in range(slots):
        counter.free.acquire()
    if counter.failed:
        raise RuntimeError(f"{len(counter.failed)} tasks failed: {counter.failed[0].message}")
    return tasks / (time.perf_counter() - begin)


def run(*, warm_tasks: int = 5_000, forked_tasks: int = 300, slots: int = 4) -> dict[str, float]:
    """Both figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = ExecutorLoop()
        loop.start()
        nursery = Nursery(loop, site=folder, modules=[str(COMPONENTS)], limits=Limits())
        executor = ComponentExecutor(loop, nursery, exchange=_NoExchange(), limits=Limits(), warm=slots)
        nursery.start()
        try:
            if not nursery.wait_ready(60):
                raise RuntimeError("the zygote is not ready")
            measure(executor, folder, "bench_warm", tasks=100, slots=slots)
            measure(executor, folder, "bench_forked", tasks=slots, slots=slots)
            return {
                "worker_warm_tasks_per_s": measure(executor, folder, "bench_warm", tasks=warm_tasks, slots=slots),
                "worker_forked_tasks_per_s": measure(executor, folder, "bench_forked", tasks=forked_tasks, slots=slots),
            }
        finally:
            nursery.close()
            loop.stop()


def _make_assignment(name: str, number: int) -> Assignment:
    return Assignment(
        task=f"t{number}",
        seq=1,
        job="j",
        job_name="benchmark",
        step="s",
        attempt=1,
        role="guest",
        party="1",
        position=0,
        run={"component": name},
        params={},
        inputs={},
        peers=(),
        timeout_s=None,
    )


def _make_place(folder: Path, number: int) -> Place:
    own = folder / str(number)
    return Place(workdir=own / "work", outputs=own / "outputs", log=own / "log", tables=folder / "tables", inputs={})


if __name__ == "__main__":
    for figure, value in run().items():
        print(f"{figure:32} {value:10.0f}")
