from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from api.monitor.exposition import Snapshot, render_metrics
from api.monitor.metrics import Metrics
from api.monitor.pulse import PulseState

UNKNOWN = PulseState(None, is_known=False)


def test_nothing_registered_is_nothing_shown_but_the_jobs():
    text = render_metrics(
        CollectorRegistry(), Snapshot([], {"waiting": 2, "success": 0}, UNKNOWN, is_draining=True)
    ).decode()
    assert 'fedrota_jobs{state="waiting"} 2.0' in text
    assert "fedrota_draining 1.0" in text
    assert "fedrota_party_slots{" not in text


def test_gateways_that_share_a_port_do_not_pass_for_one_another():
    readings = []
    for gateway, requests in (("11", 5), ("12", 2)):
        metrics = Metrics()
        for _ in range(requests):
            metrics.count_request("GET", "/jobs", 200, 0.01)
        snapshot = Snapshot([], {}, UNKNOWN, is_draining=False)
        readings.append(render_metrics(metrics.registry, snapshot, gateway=gateway).decode())
    found = {}
    for family in (family for text in readings for family in text_string_to_metric_families(text)):
        for sample in family.samples:
            if sample.name == "fedrota_requests_total":
                found[tuple(sorted(sample.labels.items()))] = sample.value
    same = (("method", "GET"), ("route", "/jobs"), ("status", "200"))
    assert found == {(("gateway", "11"), *same): 5.0, (("gateway", "12"), *same): 2.0}
