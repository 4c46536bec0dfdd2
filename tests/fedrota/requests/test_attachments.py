"""The requests about files that jobs carry."""

from fedrota.requests import attachments


def test_a_file_is_posted_with_its_length_where_that_is_known():
    call = attachments.put_attachment(size=3)
    assert (call.method, call.path, call.headers["Content-Length"]) == ("POST", "/attachments", "3")
    assert "Content-Length" not in attachments.put_attachment(size=None).headers
    assert not call.repeatable


def test_reads_name_job_and_file_safely():
    assert attachments.attachments("a/b").path == "/jobs/a%2Fb/attachments"
    assert attachments.stream_attachment("j", "x y").path == "/jobs/j/attachments/x%20y"
