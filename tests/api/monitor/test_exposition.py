from prometheus_client import CollectorRegistry

from api.monitor.exposition import Snapshot, render_metrics


def test_nothing_registered_is_nothing_shown_but_the_jobs():
    text = render_metrics(CollectorRegistry(), Snapshot([], {"waiting": 2, "success": 0}, is_draining=True)).decode()
    assert 'fedrota_jobs{state="waiting"} 2.0' in text
    assert "fedrota_draining 1.0" in text
    assert "fedrota_party_slots{" not in text
