import json
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from workers.executors.flare_request import make_request
from workers.flare.kit import KitError, pack_kit, unpack_kit

PROVISION = """
import json, sys
sys.path.append(sys.argv[1])
from pathlib import Path
from workers.flare.kit import KitError, make_kits
order = json.loads(Path("order.json").read_text())
try:
    print(make_kits(Path("flare"), host="127.0.0.1", port=18102, requests=order))
except KitError as wrong:
    print("refused:", wrong)
"""


@pytest.fixture
def provision(repository, tmp_path):
    import subprocess

    from tests.clients.install import install

    def provision(requests, version="2.9.0"):
        (tmp_path / "order.json").write_text(json.dumps(requests))
        argv = [str(install(f"nvflare-{version}")), "-I", "-c", PROVISION, str(repository)]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    return provision


@pytest.mark.parametrize("version", ["2.8.1", "2.9.0"])
def test_a_sites_key_never_leaves_it(provision, tmp_path, version):
    request = make_request("site-1", tmp_path / "site" / "startup" / "client.key")
    kits = tmp_path / provision({"site-1": request}, version)
    assert not (kits / "site-1" / "startup" / "client.key").exists()
    certificate = x509.load_pem_x509_certificate((kits / "site-1" / "startup" / "client.crt").read_bytes())
    key = serialization.load_pem_private_key((tmp_path / "site" / "startup" / "client.key").read_bytes(), None)
    assert certificate.public_key() == key.public_key()
    root = x509.load_pem_x509_certificate((kits / "site-1" / "startup" / "rootCA.pem").read_bytes())
    certificate.verify_directly_issued_by(root)
    assert [name.value for name in certificate.subject] == ["site-1", "fedrota"]


def test_nothing_of_the_authority_and_no_shared_storage_is_left(provision, tmp_path):
    kits = tmp_path / provision({"a": make_request("a", tmp_path / "key")})
    assert not list((tmp_path / "flare").rglob("cert.json"))
    resources = (kits / "server" / "local" / "resources.json").read_text()
    assert "/tmp/nvflare" not in resources
    assert str(kits.name) in resources


def test_what_flare_waits_for_is_set_shorter(provision, tmp_path):
    kits = tmp_path / provision({"a": make_request("a", tmp_path / "key")})
    site = json.loads((kits / "a" / "local" / "resources.json").read_text())
    server = json.loads((kits / "server" / "local" / "resources.json").read_text())
    args = {each["id"]: each.get("args") for each in (*site["components"], *server["components"])}
    assert site["client"]["client_register_interval"] == 0.2
    assert args["site_log_streamer"]["poll_interval"] == 0.1
    assert args["site_log_streamer"]["log_file_name"] == "error_log.txt"
    assert args["job_scheduler"]["min_schedule_interval"] == 1.0


def test_a_request_that_somebody_else_signed_is_refused(provision, tmp_path):
    request = make_request("a", tmp_path / "key")
    lines = request.splitlines()
    body = list(lines[-3])
    body[5] = "A" if body[5] != "A" else "B"
    forged = "\n".join([*lines[:-3], "".join(body), *lines[-2:]])
    assert "refused: the signing request of site a is not signed with its own key" in provision({"a": forged})


def test_a_name_that_flare_does_not_take_is_said(provision, tmp_path):
    assert "refused" in provision({"a b": make_request("a b", tmp_path / "key")})


def test_a_kit_arrives_beside_the_key(tmp_path):
    made = tmp_path / "made"
    for path in ("startup/client.crt", "local/resources.json.default", "readme.txt"):
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(path)
    (tmp_path / "site" / "startup").mkdir(parents=True)
    (tmp_path / "site" / "startup" / "client.key").write_text("mine")
    pack_kit(made, tmp_path / "kits" / "a.zip")
    unpack_kit(tmp_path / "kits" / "a.zip", tmp_path / "site")
    assert (tmp_path / "site" / "local" / "resources.json.default").read_text() == "local/resources.json.default"
    assert (tmp_path / "site" / "startup" / "client.key").read_text() == "mine"


@pytest.mark.parametrize("name", ["../x", "startup/../../x", "/etc/x", "custom/x.py"])
def test_a_kit_with_anything_else_in_it_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "kit.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(KitError, match="which no kit does"):
        unpack_kit(tmp_path / "kit.zip", tmp_path / "site")


def test_a_kit_brings_no_key(tmp_path):
    with zipfile.ZipFile(tmp_path / "kit.zip", "w") as archive:
        archive.writestr("startup/client.key", "theirs")
    unpack_kit(tmp_path / "kit.zip", tmp_path / "site")
    assert not (tmp_path / "site" / "startup" / "client.key").exists()
