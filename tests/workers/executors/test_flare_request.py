from cryptography import x509
from cryptography.hazmat.primitives import serialization

from workers.executors.flare_request import make_request


def test_a_request_shows_that_the_site_holds_the_key(tmp_path):
    file = tmp_path / "startup" / "client.key"
    request = x509.load_pem_x509_csr(make_request("site-1", file).encode())
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    assert request.is_signature_valid
    assert request.public_key() == key.public_key()
    assert [name.value for name in request.subject] == ["site-1"]


def test_only_this_user_may_read_the_key(tmp_path):
    make_request("site-1", tmp_path / "client.key")
    assert (tmp_path / "client.key").stat().st_mode & 0o777 == 0o600


def test_every_run_has_a_new_key(tmp_path):
    first, second = (make_request("a", tmp_path / name) for name in ("one", "two"))
    assert first != second
    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()
