"""What the bridge answers to those who are not a user in order."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


@pytest.fixture
def bridge(results):
    return results["bridge"]


def test_the_certificate_s_role_decides(bridge):
    assert bridge["member"]["submit"]["raised"] == "AuthorizationError"
    assert isinstance(bridge["member"]["list"], list)


def test_another_s_name_does_not_log_in(bridge):
    assert "raised" in bridge["other"]["login"]
    assert set(bridge["other"]) == {"login"}


def test_a_revoked_kit_does_not_log_in(bridge):
    assert isinstance(bridge["leaver"]["list"], list)
    assert "raised" in bridge["revoked"]["login"]
    assert set(bridge["revoked"]) == {"login"}


def test_an_upload_that_breaks_off_leaves_no_job(bridge):
    assert bridge["broken"] == "gone"
    assert bridge["large_before"] == 0


def test_several_chunks_arrive_and_come_back(bridge):
    assert bridge["large_after"] == 1
    assert len(bridge["large"]["job"]) == 25
    assert bridge["large"]["files"]["job/large/app/model.bin"] == 6 << 20


def test_garbage_and_strangers_do_not_disturb(bridge):
    assert bridge["is_stranger_answered"] is False
    assert isinstance(bridge["afterwards"]["list"], list)


def test_without_a_gateway_a_client_is_told_so(bridge):
    assert bridge["without_gateway"]["answers"]["login"]["raised"] in {"NoConnection", "ConnectionError"}
    assert bridge["without_gateway"]["status"] == 0


def test_the_bridge_of_the_system_waits_for_its_certificates_and_ends_in_order(results):
    log = results["bridge_log"]
    assert log.index("waiting: ") < log.index("ready: ") < log.index(" ended")
    assert "Traceback" not in log
