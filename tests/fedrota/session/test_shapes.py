"""The session's values print as FLARE's do."""

import time

from fedrota.session.shapes import ClientInfo, JobInfo, MonitorReturnCode, ServerInfo, SystemInfo, TargetType


def test_texts():
    at = time.asctime(time.localtime(0))
    info = SystemInfo(ServerInfo("started", 0), [ClientInfo("site-1", 0)], [JobInfo("7", "app")])
    assert str(info).splitlines() == [
        "SystemInfo", "server_info:", f"status: started, start_time: {at}", "client_info:",
        f"site-1 (last_connect_time: {at})", "job_info:", "JobInfo:", "  job_id: 7", "  app_name: app",
    ]  # fmt: skip


def test_codes_are_numbers():
    assert [int(code) for code in MonitorReturnCode] == [0, 1, 2]
    assert (TargetType.ALL, TargetType.SERVER, TargetType.CLIENT) == ("all", "server", "client")
