"""Startup kits: FLARE's layout, ours inside it, FLARE's complaints."""

import json

import pytest

from fedrota.session.kit import read_kit
from fedrota.session.outcomes import ConfigError


def write(root, text):
    (root / "startup").mkdir(exist_ok=True)
    (root / "startup" / "fed_admin.json").write_text(text if isinstance(text, str) else json.dumps(text))
    return str(root)


def test_a_kit_names_gateway_and_folders(tmp_path, monkeypatch):
    monkeypatch.delenv("FEDROTA_TOKEN", raising=False)
    gateway = {"url": "http://127.0.0.1:9", "token": "frt_a_b"}
    kit = read_kit("me", write(tmp_path, {"admin": {"gateway": gateway, "upload_dir": "up", "download_dir": "/down"}}))
    assert (kit.connection.url, kit.connection.token, kit.username) == ("http://127.0.0.1:9", "frt_a_b", "me")
    assert (str(kit.upload_dir), str(kit.download_dir)) == (str(tmp_path / "up"), "/down")


def test_a_kit_without_a_gateway_takes_the_environments(tmp_path, monkeypatch):
    monkeypatch.setenv("FEDROTA_URL", "http://127.0.0.1:7")
    monkeypatch.setenv("FEDROTA_TOKEN", "frt_c_d")
    kit = read_kit("", write(tmp_path, {"admin": {"username": "admin@hq"}}))
    assert (kit.connection.url, kit.connection.token, kit.username) == ("http://127.0.0.1:7", "frt_c_d", "admin@hq")
    assert kit.upload_dir == kit.download_dir == tmp_path / "transfer"


def test_what_is_missing_is_complained_of_as_flare_does(tmp_path):
    with pytest.raises(AssertionError, match="startup kit does not exist at /nowhere"):
        read_kit("me", "/nowhere")
    with pytest.raises(AssertionError, match="username must be str"):
        read_kit(7, str(tmp_path))
    with pytest.raises(RuntimeError, match="missing startup folder"):
        read_kit("me", str(tmp_path))
    (tmp_path / "startup").mkdir()
    with pytest.raises(ConfigError, match=r"missing .*fed_admin.json"):
        read_kit("me", str(tmp_path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "missing admin section"),
        ({"admin": {"gateway": {"url": "x"}}}, "no gateway address"),
    ],
)
def test_a_broken_config_is_named(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words):
        read_kit("me", write(tmp_path, text))
