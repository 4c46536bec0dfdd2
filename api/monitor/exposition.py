"""What is read from store and broker when somebody asks for metrics, in the Prometheus model."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.monitor.pulse import PulseState
from api.monitor.state import QueueState


class Snapshot(Collector):
    """One reading, for one answer."""

    def __init__(
        self, queues: Sequence[QueueState], jobs: Mapping[str, int], pulse: PulseState, *, is_draining: bool
    ) -> None:
        self._queues = queues
        self._jobs = jobs
        self._pulse = pulse
        self._is_draining = is_draining

    def collect(self) -> Iterator[Metric]:
        """Gauges by party, jobs by state, the scheduler; no figure where the broker cannot tell."""
        for name, text, read in _GAUGES:
            family = GaugeMetricFamily(f"fedrota_party_{name}", text, labels=("party",))
            for queue in self._queues:
                value = read(queue)
                if value is not None:
                    family.add_metric((queue.state.party.id,), float(value))
            yield family
        jobs = GaugeMetricFamily(
            "fedrota_jobs", "Jobs by state; ended ones are counted once a minute", labels=("state",)
        )
        for state, count in self._jobs.items():
            jobs.add_metric((state,), count)
        yield jobs
        yield from self._collect_pulse()
        yield GaugeMetricFamily(
            "fedrota_draining", "Whether this gateway is on its way out", value=int(self._is_draining)
        )

    def _collect_pulse(self) -> Iterator[Metric]:
        alive, beat = self._pulse.is_alive, self._pulse.beat
        up = GaugeMetricFamily("fedrota_scheduler_up", "Whether a scheduler is at work; without one nothing starts")
        if alive is not None:
            up.add_metric((), int(alive))
        yield up
        age = GaugeMetricFamily("fedrota_scheduler_pass_age_seconds", "Time since the latest pass of any scheduler")
        if beat is not None:
            age.add_metric((), beat.age_s)
        yield age


class Named(Collector):
    """A gateway's own figures with its name on each: at a shared port every reading may be another gateway's."""

    def __init__(self, own: CollectorRegistry, gateway: str) -> None:
        self._own = own
        self._gateway = gateway

    def collect(self) -> Iterator[Metric]:
        """The same figures with a label more."""
        for family in self._own.collect():
            family.samples = [
                sample._replace(labels={**sample.labels, "gateway": self._gateway}) for sample in family.samples
            ]
            yield family


def render_metrics(own: CollectorRegistry, snapshot: Snapshot, *, gateway: str = "") -> bytes:
    """The text that Prometheus reads; `gateway` names the one that answers where several share the port."""
    reading = CollectorRegistry()
    reading.register(snapshot)
    if gateway:
        named = CollectorRegistry()
        named.register(Named(own, gateway))
        own = named
    return generate_latest(own) + generate_latest(reading)


_GAUGES = (
    ("queue_knocks", "Knocks in the broker that the worker has not taken", lambda queue: queue.knocks),
    ("tasks_waiting", "Tasks of steps that are ready", lambda queue: queue.state.load.waiting),
    ("tasks_dispatched", "Tasks knocked and not yet claimed", lambda queue: queue.state.load.dispatched),
    ("tasks_running", "Tasks that the party runs", lambda queue: queue.state.load.running),
    ("slots", "Tasks that the party takes at once", lambda queue: queue.state.party.slots),
    ("slots_in_use", "Slots that are taken", lambda queue: queue.state.load.in_use),
    ("oldest_waiting_seconds", "Age of the longest-waiting ready task", lambda queue: queue.oldest_s or 0.0),
    ("consumers", "Workers that were heard of lately", lambda queue: int(queue.state.is_online)),
    ("online", "Whether the party's worker was heard of lately", lambda queue: int(queue.state.is_online)),
    ("drained", "Whether the party gets no new work", lambda queue: int(queue.state.party.drained)),
)
