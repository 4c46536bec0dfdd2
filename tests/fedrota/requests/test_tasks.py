"""The requests about one task."""

from fedrota.requests import tasks


def test_lines():
    assert tasks.task("t").path == "/tasks/t"
    log = tasks.read_log("t", offset=-9, limit=3)
    assert (log.path, log.query) == ("/tasks/t/logs", (("offset", "-9"), ("limit", "3")))
    assert tasks.read_log("t").query == ()
    assert tasks.read_output("t", "m").path == tasks.stream_output("t", "m").path == "/tasks/t/outputs/m"
    preview = tasks.preview_output("t", "m", limit=5)
    assert (preview.path, preview.query) == (
        "/tasks/t/outputs/m",
        (("preview", "true"), ("offset", "0"), ("limit", "5")),
    )
