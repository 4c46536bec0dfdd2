"""The gateway's own figures, in a registry of its own."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

LATENCIES: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """What is counted as it happens; the rest is read from store and broker when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._latency = Histogram(
            "fedrota_request_seconds",
            "Time from a request's head to its answer, in seconds",
            ("method", "route"),
            registry=self.registry,
            buckets=LATENCIES,
        )
        self._answers = Counter(
            "fedrota_requests", "Answered requests", ("method", "route", "status"), registry=self.registry
        )
        self._batch = Histogram(
            "fedrota_writer_batch_operations",
            "Operations that the writer took into one batch",
            registry=self.registry,
            buckets=SIZES,
        )
        self._children: dict[tuple[str, str, int], tuple[Histogram, Counter]] = {}

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note an answered request; `route` is its pattern, never a path."""
        key = method, route, status
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = (
                self._latency.labels(method, route),
                self._answers.labels(method, route, str(status)),
            )
        found[0].observe(seconds)
        found[1].inc()

    def count_batch(self, size: int) -> None:
        """Note a batch of the writer; called in its thread."""
        self._batch.observe(size)
