import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workers.attachments import AttachmentClient, AttachmentError

BODY = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(BODY).hexdigest()


class Shop:
    """A gateway that answers with what is next in `answers`: (status, body, digest, promised length)."""

    def __init__(self):
        self.answers = []
        self.asked = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                shop.asked.append((self.path, self.headers["Authorization"]))
                status, body, digest, length = shop.answers.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.send_header("ETag", f'"{digest}"')
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/under"


@pytest.fixture
def shop():
    found = Shop()
    yield found
    found.server.shutdown()
    found.server.server_close()


REFUSAL = b'{"error": {"code": "not_found", "message": "there is no attachment \'t1/x\'", "problems": []}}'
GOOD = (200, BODY, DIGEST, len(BODY))


def test_a_file_comes_whole_with_the_workers_token(shop, tmp_path):
    shop.answers = [GOOD]
    AttachmentClient(shop.url, "frt_1").fetch("t1", "job.zip", tmp_path / "new" / "job.zip")
    assert (tmp_path / "new" / "job.zip").read_bytes() == BODY
    assert shop.asked == [("/under/fedrota/v1/agent/attachments/t1/job.zip", "Bearer frt_1")]


@pytest.mark.parametrize(
    "first",
    [
        (503, b"busy", "", 4),
        (200, BODY[:-1] + b"x", DIGEST, len(BODY)),
        (200, BODY[:1000], DIGEST, len(BODY)),
        (200, BODY, DIGEST, "many"),
        (404, b"<html>no such backend", "", 21),
        (403, b'{"error": "maintenance"}', "", 24),
        (503, REFUSAL, "", len(REFUSAL)),
    ],
    ids=["busy", "damaged", "cut short", "of no length", "a proxy's 404", "a proxy's 403", "the gateway is busy"],
)
def test_what_goes_wrong_once_is_tried_again(shop, tmp_path, first):
    shop.answers = [first, GOOD]
    AttachmentClient(shop.url, "frt_1").fetch("t1", "job.zip", tmp_path / "job.zip")
    assert (tmp_path / "job.zip").read_bytes() == BODY
    assert len(shop.asked) == 2


def test_what_can_never_come_is_not_tried_again(shop, tmp_path):
    shop.answers = [(404, REFUSAL, "", len(REFUSAL))]
    with pytest.raises(AttachmentError, match="404.: there is no attachment 't1/x'$"):
        AttachmentClient(shop.url, "frt_1").fetch("t1", "x", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_patience_ends(tmp_path):
    with pytest.raises(AttachmentError, match="did not come: ConnectionRefusedError"):
        AttachmentClient("http://127.0.0.1:1", "frt_1", patience_s=0.3).fetch("t1", "x", tmp_path / "x")


def test_nothing_is_fetched_for_an_attempt_that_is_over(shop, tmp_path):
    with pytest.raises(AttachmentError, match="not wanted"):
        AttachmentClient(shop.url, "frt_1").fetch("t1", "x", tmp_path / "x", is_wanted=lambda: False)
    assert shop.asked == []


@pytest.mark.parametrize("name", ["../x", "a/b", "", "a\nb"])
def test_only_plain_names_are_asked_for(shop, tmp_path, name):
    with pytest.raises(AttachmentError, match="plain name"):
        AttachmentClient(shop.url, "frt_1").fetch("t1", name, tmp_path / "x")
    assert shop.asked == []


def test_a_folder_that_cannot_be_written_ends_it_at_once(shop, tmp_path):
    shop.answers = [GOOD]
    (tmp_path / "x.draft").mkdir()
    with pytest.raises(AttachmentError):
        AttachmentClient(shop.url, "frt_1", patience_s=0.2).fetch("t1", "x", tmp_path / "x")
