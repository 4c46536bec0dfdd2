import pytest

from fedrota.bridge.errors import BridgeError
from fedrota.bridge.options import find_missing, parse_options
from fedrota.errors import FedrotaError


def fill(folder):
    folder.mkdir(parents=True)
    for name in ("rootCA.pem", "server.crt", "server.key"):
        (folder / name).write_text("x")
    return folder


def test_defaults_are_the_local_installation_s(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "state/flare")
    found = parse_options([], {"FEDROTA_STATE_DIR": str(tmp_path / "state")})
    assert (found.host, found.port, found.url) == ("127.0.0.1", 8002, "http://127.0.0.1:9380")
    assert found.authority == tmp_path / "state/flare/rootCA.pem"
    assert (found.certificate.name, found.key.name, found.is_verbose) == ("server.crt", "server.key", False)


def test_a_server_s_kit_serves_as_well(tmp_path):
    folder = fill(tmp_path / "kit/startup")
    words = ["--certificates", str(folder), "--url", "https://here:1", "--host", "0.0.0.0", "--port", "81", "--verbose"]
    found = parse_options(words)
    assert (found.folder, found.url, found.host, found.port) == (folder, "https://here:1", "0.0.0.0", 81)
    assert found.is_verbose


def test_missing_certificates_are_named(tmp_path):
    (fill(tmp_path / "flare") / "server.key").unlink()
    with pytest.raises(BridgeError, match=r"holds no server.key: run `fedrota provision`"):
        parse_options(["--certificates", str(tmp_path / "flare")])


def test_one_that_waits_may_start_without_certificates(tmp_path):
    assert parse_options(["--certificates", str(tmp_path), "--wait"]).is_patient
    assert find_missing(tmp_path) == ["rootCA.pem", "server.crt", "server.key"]


def test_a_wrong_address_is_refused(tmp_path):
    with pytest.raises(FedrotaError, match="no gateway address"):
        parse_options(["--certificates", str(fill(tmp_path / "flare")), "--url", "ftp://x"])


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_a_wrong_port_is_refused(port, capsys):
    with pytest.raises(SystemExit):
        parse_options(["--port", port])
    assert "is no port" in capsys.readouterr().err
