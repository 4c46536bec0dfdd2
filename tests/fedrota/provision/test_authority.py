import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fedrota.provision.authority import Authority
from fedrota.provision.errors import ProvisionError
from fedrota.provision.project import Participant

LEAD = Participant(name="lead@hq", type="admin", org="hq", role="lead")
SERVER = Participant(name="server", type="server", org="hq")
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("state") / "flare", "demo")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_certificate_carries_name_org_and_role(authority):
    made = authority.issue(LEAD, days=10, now=NOW)
    certificate = x509.load_pem_x509_certificate(made.certificate.encode())
    assert [(part.oid._name, part.value) for part in certificate.subject] == [
        ("commonName", "lead@hq"),
        ("organizationName", "hq"),
        ("unstructuredName", "lead"),
    ]
    root = x509.load_pem_x509_certificate(authority.certificate.encode())
    certificate.verify_directly_issued_by(root)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert abs(certificate.not_valid_after_utc - NOW - timedelta(days=10)) < timedelta(minutes=1)
    key = load_pem_private_key(made.key.encode(), None)
    assert key.public_key() == certificate.public_key()
    assert authority.find_valid("lead@hq", NOW) == made.issued
    assert authority.find_valid("lead@hq", NOW + timedelta(days=11)) is None


def test_a_servers_certificate_names_its_hosts(authority):
    made = authority.issue(SERVER, hosts=("gw.example", "10.0.0.1"), days=1, now=NOW)
    found = x509.load_pem_x509_certificate(made.certificate.encode()).extensions
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gw.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]


def test_revoked_serials_stand_in_the_list(authority):
    one, two = (authority.issue(LEAD, days=1, now=NOW) for _ in range(2))
    gone = authority.revoke("lead@hq", NOW, spare=two.issued.serial)
    assert one.issued.serial in gone
    assert two.issued.serial not in gone
    found = x509.load_pem_x509_crl((authority.folder / "crl.pem").read_bytes())
    root = x509.load_pem_x509_certificate(authority.certificate.encode())
    assert found.is_signature_valid(root.public_key())
    assert int(one.issued.serial, 16) in {entry.serial_number for entry in found}
    assert authority.find_valid("lead@hq", NOW) == two.issued


def test_it_is_the_same_when_it_is_opened_again(authority):
    made = authority.issue(LEAD, days=1, now=NOW)
    again = Authority(authority.folder, "another name")
    assert again.certificate == authority.certificate
    assert again.find_valid("lead@hq", NOW) == made.issued


def test_its_files_are_its_owners(authority):
    assert mode(authority.folder) == 0o700
    assert {mode(authority.folder / name) for name in ("rootCA.key", "issued.json", "crl.pem")} == {0o600}


def test_a_damaged_folder_is_named(tmp_path):
    Authority(tmp_path, "demo")
    (tmp_path / "issued.json").write_text("[{}]")
    with pytest.raises(ProvisionError, match="cannot be used"):
        Authority(tmp_path, "demo")
