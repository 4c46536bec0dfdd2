"""The settings under which a lost or doubled message does no harm."""

import pytest

from scheduler.queues.app import make_celery


@pytest.mark.parametrize("profile", ["centre", "open", "sealed"])
def test_messages_are_acknowledged_early_json_only_and_leave_no_result(profile):
    conf = make_celery("x", broker_url="memory://", queue="q", profile=profile).conf
    assert conf.broker_transport_options["ack_emulation"] is False
    assert conf.broker_transport_options["socket_timeout"] == 5
    assert (conf.task_acks_late, conf.worker_prefetch_multiplier, conf.task_publish_retry) == (False, 1, False)
    assert (conf.accept_content, conf.task_serializer, conf.result_backend) == (["json"], "json", None)
    assert conf.task_ignore_result
    assert conf.worker_pool == "solo"
    assert conf.broker_connection_max_retries is None
    assert [queue.name for queue in conf.task_queues] == ["q"]


@pytest.mark.parametrize(("profile", "watched"), [("centre", True), ("open", True), ("sealed", False)])
def test_only_a_sealed_worker_is_not_watched_and_declares_nothing(profile, watched):
    conf = make_celery("x", broker_url="memory://", queue="q", profile=profile).conf
    assert conf.worker_enable_remote_control is watched
    assert conf.task_queues[0].no_declare is not watched


def test_apps_stand_beside_each_other():
    one, two = (make_celery(name, broker_url="memory://", queue=name, profile="open") for name in ("one", "two"))
    assert one.conf.task_default_queue == "one"
    assert two.conf.task_default_queue == "two"
