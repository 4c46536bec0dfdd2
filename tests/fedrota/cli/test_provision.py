"""`fedrota provision`."""

import json

import pytest

PROJECT = """\
name: demo
participants:
  - {name: server, type: server, org: hq, host_names: [127.0.0.1]}
  - {name: lead@hq, type: admin, org: hq, role: lead}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEDROTA_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "project.yml").write_text(PROJECT)
    return tmp_path


def test_kits_certificates_and_tokens(fedrota, gateway, project):
    token = {"id": "t1", "kind": "user", "name": "lead@hq", "secret": "frt_1", "created": "2026-01-01T00:00:00Z"}
    gateway.on("POST", "/tokens", token, 201)
    found = fedrota("provision", "project.yml", "--flare-port", "9003")
    assert (found.code, found.err) == (0, "")
    assert "FEDROTA_FLARE_PORT=9003" in found.out
    admin = json.loads((project / "demo/lead@hq/startup/fed_admin.json").read_text())["admin"]
    assert admin["gateway"]["token"] == "frt_1"
    assert (project / "state/flare/server.crt").is_file()
    again = fedrota("provision", "project.yml", "--json").json
    assert [kit["done"] for kit in again["kits"]] == ["kept", "kept"]
    assert again["notes"] == []


def test_a_wrong_file_or_name_is_a_sentence(fedrota, gateway, project):
    found = fedrota("provision", "nothing.yml")
    assert found.code == 2
    assert "cannot read nothing.yml" in found.err
    found = fedrota("provision", "project.yml", "--revoke", "nobody")
    assert found.code == 2
    assert "no participant 'nobody'" in found.err
