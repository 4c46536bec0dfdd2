from prometheus_client import generate_latest

from api.monitor.metrics import Metrics


def test_each_gateway_counts_for_itself():
    one, two = Metrics(), Metrics()
    one.count_request("GET", "/jobs/{job}", 200, 0.003)
    one.count_batch(7)
    text = generate_latest(one.registry).decode()
    assert 'fedrota_requests_total{method="GET",route="/jobs/{job}",status="200"} 1.0' in text
    assert 'fedrota_request_seconds_bucket{le="0.005",method="GET",route="/jobs/{job}"} 1.0' in text
    assert "fedrota_writer_batch_operations_sum 7.0" in text
    assert "fedrota_requests_total{" not in generate_latest(two.registry).decode()
