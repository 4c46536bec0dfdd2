import ssl
from datetime import UTC, datetime

import pytest

from api.dialects.flare.requests.trust import FilesError, TrustFiles


def test_clients_must_show_a_certificate(ground):
    trust = TrustFiles(ground.state).load()
    assert trust.context.verify_mode is ssl.CERT_REQUIRED
    assert trust.context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert trust.revoked == frozenset()


def test_the_authority_of_this_installation_alone_is_trusted(ground):
    (trusted,) = TrustFiles(ground.state).load().context.get_ca_certs(binary_form=True)
    assert trusted == ssl.PEM_cert_to_DER_cert((ground.state / "flare" / "rootCA.pem").read_text())


def test_what_was_read_is_kept_until_a_file_changes(ground):
    files = TrustFiles(ground.state)
    first = files.load()
    assert files.load() is first
    serials = {int(serial, 16) for serial in ground.authority.revoke("lead@hq", datetime.now(UTC))}
    assert serials
    assert files.load().revoked == serials


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FilesError, match=r"rootCA.pem, server.crt, server.key: run `fedrota provision`"):
        TrustFiles(tmp_path).load()


def test_files_that_do_not_fit_are_refused(ground):
    (ground.state / "flare" / "server.key").write_text("no key")
    with pytest.raises(FilesError, match="cannot be used"):
        TrustFiles(ground.state).load()


def test_a_revocation_list_of_somebody_else_is_refused(ground, tmp_path_factory):
    from fedrota.provision.authority import Authority

    other = Authority(tmp_path_factory.mktemp("other"), "demo")
    other.revoke("x", datetime.now(UTC))
    (ground.state / "flare" / "crl.pem").write_bytes((other.folder / "crl.pem").read_bytes())
    with pytest.raises(FilesError, match="was not signed by"):
        TrustFiles(ground.state).load()
