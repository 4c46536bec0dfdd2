import pytest

from scheduler.queues.notices import Notice, NoticeError, parse_notice, render_notice


def test_a_notice_reads_as_it_was_written():
    stops = [("9999", "job-0-1-0", 3, "canceled")]
    raw = render_notice("scheduler", ["job", "other"], stops).encode()
    assert parse_notice(raw) == Notice("scheduler", ("job", "other"), tuple(stops))


@pytest.mark.parametrize(
    "raw", [b"", b"{garbled", b"[]", b'["a", ["b"]]', b'["a", 3, []]', b'["a", [], [["9999", "t"]]]', b"7"]
)
def test_what_is_no_notice_is_refused(raw):
    with pytest.raises(NoticeError):
        parse_notice(raw)
