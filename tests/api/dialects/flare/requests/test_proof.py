from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.dialects.flare.requests.identity import find_principal
from api.dialects.flare.requests.proof import check_proof, describe_certificate, parse_proof
from fedrota.provision.authority import Authority
from scheduler.domain.errors import InvalidDocumentError, UnauthenticatedError
from tests.api.dialects.flare.requests.kits import expired, issue, make_authority, sign


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def ann(authority):
    return issue(authority, "ann@clinic.org")


@pytest.fixture
def root(authority):
    return x509.load_pem_x509_certificate(authority.certificate.encode())


def check(given, root, at=None):
    check_proof(parse_proof(given), root, at or datetime.now(UTC))


def test_the_holder_of_the_key_is_believed(ann, root):
    check(sign(ann, "n1"), root)


def test_the_subject_names_the_user_as_the_listener_reads_it(ann):
    found = find_principal(describe_certificate(parse_proof(sign(ann, "n1")).certificate))
    assert (found.name, found.org, found.role) == ("ann@clinic.org", "clinic", "lead")


def test_another_s_signature_is_not_believed(ann, authority, root):
    with pytest.raises(UnauthenticatedError, match="not signed"):
        check({**sign(issue(authority, "ann@clinic.org"), "n1"), "certificate": ann.certificate}, root)
    with pytest.raises(UnauthenticatedError, match="not signed"):
        check({**sign(ann, "n1"), "nonce": "n2"}, root)
    with pytest.raises(UnauthenticatedError, match="not signed"):
        check(sign(ann, "n1", name="bob"), root)


def test_another_authority_s_certificate_is_not_believed(stranger, root):
    with pytest.raises(UnauthenticatedError, match="not issued"):
        check(sign(issue(stranger, "ann@clinic.org"), "n1"), root)


def test_an_authority_of_another_name_is_not_believed(tmp_path, root):
    with pytest.raises(UnauthenticatedError, match="not issued"):
        check(sign(issue(Authority(tmp_path, "elsewhere"), "ann@clinic.org"), "n1"), root)


@pytest.mark.parametrize(
    ("part", "key", "says"),
    [
        (x509.NameOID.ORGANIZATION_NAME, rsa.generate_private_key(65537, 1024), "no user's"),
        (x509.NameOID.COMMON_NAME, ec.generate_private_key(ec.SECP256R1()), "is not RSA"),
    ],
)
def test_a_certificate_without_a_user_s_name_or_of_another_kind_of_key_is_refused(
    authority, ann, root, part, key, says
):
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(part, "clinic")]))
    made = made.issuer_name(root.subject).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    certificate = made.sign(authority._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    with pytest.raises(UnauthenticatedError, match=says):
        check({**sign(ann, "n1"), "certificate": certificate}, root)


def test_a_certificate_counts_in_its_time_only(authority, ann, root):
    with pytest.raises(UnauthenticatedError, match="expired: have the kit renewed"):
        check(sign(expired(authority, "ann@clinic.org"), "n1"), root)
    with pytest.raises(UnauthenticatedError, match="expired"):
        check(sign(ann, "n1"), root, datetime.now(UTC) - timedelta(days=1))


def test_the_authority_itself_is_no_user(authority, ann, root):
    with pytest.raises(UnauthenticatedError, match="no user's"):
        check({**sign(ann, "n1"), "certificate": authority.certificate}, root)


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {"certificate": 1, "nonce": "", "signature": ""},
        {"certificate": "x", "nonce": "", "signature": ""},
    ],
)
def test_what_is_no_proof_is_refused(given):
    with pytest.raises(InvalidDocumentError):
        parse_proof(given)


def test_a_garbled_signature_is_refused(ann, root):
    with pytest.raises(InvalidDocumentError):
        parse_proof({**sign(ann, "n1"), "signature": "#"})
    with pytest.raises(UnauthenticatedError):
        check({**sign(ann, "n1"), "signature": ""}, root)
