"""A seeded driver that breaks a running system, one fault at a time, each kind at least so many times."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

import redis
from sqlalchemy import text

from scheduler.domain.messages import Knock
from scheduler.queues.knock import publish_knocks
from tests.faults.system import System, kill

LEASE_S = 3.0


class Chaos:
    """Draws faults from a shuffled list in which each kind stands `each` times, or as often as `more` says."""

    def __init__(self, system: System, draw: random.Random, *, each: int, more: Mapping[str, int]) -> None:
        self.system = system
        self.draw = draw
        self.done: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.log: list[tuple[float, str]] = []
        self._began = time.monotonic()
        self._thaw: list[tuple[float, str]] = []
        faults: dict[str, Callable[[], bool]] = {
            name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }
        if not system.database:
            del faults["kill_backends"]
        self._faults = faults
        self.left = [name for name in faults for _ in range(more.get(name, each))]
        draw.shuffle(self.left)

    def inject(self) -> None:
        """The next fault; one whose victim is not there at the moment is put further back."""
        self.thaw()
        if not self.left:
            return
        name = self.left.pop(0)
        if self._faults[name]():
            self.done[name] += 1
            self.log.append((time.monotonic() - self._began, name))
        else:
            self.missed[name] += 1
            self.left.insert(min(len(self.left), 3), name)

    def thaw(self, *, everything: bool = False) -> None:
        """Let frozen processes go on whose time has come."""
        now = time.monotonic()
        for entry in list(self._thaw):
            if everything or entry[0] <= now:
                self._thaw.remove(entry)
                self.system.parts[entry[1]].signal(signal.SIGCONT)

    @property
    def is_over(self) -> bool:
        """Whether every fault has been injected and undone."""
        return not (self.left or self._thaw)

    def _party(self) -> str:
        return self.draw.choice(list(self.system.parties))

    def _link(self) -> str:
        return self.draw.choice([*self.system.parties, "client"])

    def _kill(self, name: str) -> bool:
        frozen = {entry[1] for entry in self._thaw}
        return name not in frozen and self.system.parts[name].signal(signal.SIGKILL)

    def _freeze(self, name: str, for_s: float) -> bool:
        if name in {entry[1] for entry in self._thaw} or not self.system.parts[name].signal(signal.SIGSTOP):
            return False
        self._thaw.append((time.monotonic() + for_s, name))
        return True

    def _scheduler(self) -> str:
        return f"scheduler.{self.draw.randrange(self.system.schedulers)}"

    # --- processes ---

    def _do_kill_gateway(self) -> bool:
        return self._kill("gateway")

    def _do_kill_scheduler(self) -> bool:
        return self._kill(self._scheduler())

    def _do_kill_worker(self) -> bool:
        return self._kill(f"worker.{self._party()}")

    def _do_kill_broker(self) -> bool:
        return self._kill("broker")

    def _do_kill_zygote(self) -> bool:
        return kill(self.system.zygote(self._party()))

    def _do_kill_task(self) -> bool:
        found = [pid for party in self.system.parties for pid in self.system.task_processes(party)]
        return bool(found) and kill(self.draw.choice(found))

    def _do_freeze_worker(self) -> bool:
        return self._freeze(f"worker.{self._party()}", 1.5 * LEASE_S)

    def _do_freeze_scheduler(self) -> bool:
        return self._freeze(self._scheduler(), LEASE_S)

    def _do_freeze_gateway(self) -> bool:
        return self._freeze("gateway", 1.0)

    # --- the broker ---

    def _do_flush_broker(self) -> bool:
        return self._ask_broker(lambda broker: broker.flushall())

    def _do_pause_broker(self) -> bool:
        return self._ask_broker(lambda broker: broker.client_pause(1500))

    def _do_stale_knocks(self) -> bool:
        """Knocks as a confused broker would deliver them: doubled, of the past, of nobody."""
        with self.system.open_store().engine.connect() as rows:
            tasks = rows.execute(text("SELECT party_id, id, seq FROM task ORDER BY created DESC LIMIT 40")).all()
        if not tasks:
            return False
        knocks: dict[str, list[Knock]] = {}
        for party, task, seq in tasks:
            knocks.setdefault(party, []).extend([Knock(task, seq), Knock(task, max(0, seq - 1)), Knock(task, seq + 1)])
        knocks.setdefault(self._party(), []).append(Knock("no-such-task", 1))
        return self._ask_broker(lambda broker: publish_knocks(broker, knocks))

    def _ask_broker(self, fault: Callable[["redis.Redis"], object]) -> bool:
        with suppress(redis.RedisError), self.system.broker() as broker:
            fault(broker)
            return True
        return False

    # --- the network ---

    def _do_cut_network(self) -> bool:
        self.system.proxies[self._link()].cut()
        return True

    def _do_swallow_network(self) -> bool:
        """Packets vanish for longer than a lease; then the connections go on, or turn out to be dead."""
        self.system.proxies[self._link()].hole(1.2 * LEASE_S, then_cut=self.draw.random() < 0.5)
        return True

    def _do_slow_network(self) -> bool:
        self.system.proxies[self._link()].delay(self.draw.uniform(0.05, 0.4), 2.0)
        return True

    def _do_lose_answer(self) -> bool:
        self.system.proxies[self._link()].clip(self.draw.choice([0, 0, 1, 40, 200]))
        return True

    # --- the database ---

    def _do_kill_backends(self) -> bool:
        with self.system.open_store().engine.connect() as rows:
            killed = rows.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).scalar_one()
        return bool(killed)
