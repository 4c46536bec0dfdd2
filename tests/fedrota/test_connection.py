"""Where the gateway and the token come from, and what a broken connection means."""

import socket
import ssl
import threading

import httpx
import pytest

from fedrota.client import Client
from fedrota.connection import DEFAULT_URL, find_connection
from fedrota.errors import FedrotaError, NoGatewayError


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch, tmp_path):
    for name in ("FEDROTA_URL", "FEDROTA_TOKEN", "FEDROTA_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults():
    found = find_connection(None, None)
    assert (found.url, found.token) == ("http://127.0.0.1:9380", None)
    assert "Authorization" not in found.arguments()["headers"]


def test_argument_wins_over_environment_over_file(monkeypatch, tmp_path):
    (tmp_path / ".fedrota").mkdir()
    (tmp_path / ".fedrota" / "token").write_text("frt_file\n")
    assert find_connection(None, None).token == "frt_file"
    monkeypatch.setenv("FEDROTA_TOKEN", "frt_env")
    monkeypatch.setenv("FEDROTA_URL", "https://gw.example:1/x/")
    assert find_connection(None, None).token == "frt_env"
    assert find_connection(None, None).url == "https://gw.example:1/x"
    assert find_connection("http://h", "frt_arg").token == "frt_arg"
    assert find_connection("http://h/x/fedrota/v1/", "frt_arg").url == "http://h/x"


def test_state_folder_is_where_the_variable_says(monkeypatch, tmp_path):
    (tmp_path / "token").write_text("frt_state")
    monkeypatch.setenv("FEDROTA_STATE_DIR", str(tmp_path))
    assert find_connection(None, None).token == "frt_state"


def test_unreadable_token_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "token").mkdir()
    monkeypatch.setenv("FEDROTA_STATE_DIR", str(tmp_path))
    with pytest.raises(FedrotaError, match="cannot read the token in .*token.*set FEDROTA_TOKEN"):
        find_connection(None, None)


@pytest.mark.parametrize("url", ["127.0.0.1:9380", "ftp://h", "http://", "http://h:port"])
def test_bad_address_is_named(url):
    with pytest.raises(FedrotaError, match="is no gateway address: write it like"):
        find_connection(url, None)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("http://127.0.0.1:1", False),
        ("http://[::1]:1", False),
        ("http://localhost", False),
        ("https://gw.example", True),
    ],
)
def test_loopback_uses_no_proxy_of_the_environment(url, trusted):
    assert find_connection(url, None).arguments()["trust_env"] is trusted


def test_token_shows_in_no_repr():
    assert "frt_secret" not in repr(find_connection(None, "frt_secret"))


def test_explanations_say_what_to_do():
    found = find_connection("http://gw", None, 5)
    assert "check the address" in str(found.explain(httpx.ConnectTimeout("")))
    assert "did not answer within 5 s" in str(found.explain(httpx.ReadTimeout("")))
    assert str(found.explain(httpx.ReadError(""))) == "the connection to http://gw broke: ReadError"
    untrusted = httpx.ConnectError("verify failed")
    untrusted.__cause__ = ssl.SSLCertVerificationError("self-signed")
    assert "SSL_CERT_FILE" in str(found.explain(untrusted))


def test_https_where_plain_http_is_spoken_is_told_so():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_plainly, args=(server,), daemon=True).start()
        client = Client(f"https://127.0.0.1:{server.getsockname()[1]}", "t")
        with client, pytest.raises(NoGatewayError, match="does not speak TLS: write http://"):
            client.version()


def _answer_plainly(server):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_the_address_is_that_of_the_last_run_in_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("FEDROTA_URL", raising=False)
    monkeypatch.setenv("FEDROTA_STATE_DIR", str(tmp_path))
    assert find_connection(None, "frt_a_b").url == DEFAULT_URL
    (tmp_path / "up.json").write_text('{"url": "http://127.0.0.1:19999"}')
    assert find_connection(None, "frt_a_b").url == "http://127.0.0.1:19999"
    (tmp_path / "up.json").write_text("half writ")
    assert find_connection(None, "frt_a_b").url == DEFAULT_URL


@pytest.mark.parametrize("token", ["frt_abc\u2026", "frt_a\nb", "t\u00f6k"])
def test_a_token_that_no_header_can_hold_is_not_shown_and_its_owner_told_what_to_do(token, monkeypatch):
    monkeypatch.setenv("FEDROTA_TOKEN", token)
    with pytest.raises(FedrotaError, match="copy it anew") as refused:
        find_connection(None, None)
    assert token not in str(refused.value)
