import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scheduler.store.migrate import migrate
from scheduler.store.session import make_store


@pytest.fixture
def environment(tmp_path, broker_url, free_port):
    return {
        "PATH": os.environ["PATH"],
        "FEDROTA_STATE_DIR": str(tmp_path),
        "FEDROTA_BROKER_URL": broker_url,
        "FEDROTA_PORT": str(free_port()),
        "FEDROTA_LOG_FORMAT": "json",
    }


def prepare(environment):
    store = make_store(f"sqlite:///{environment['FEDROTA_STATE_DIR']}/fedrota.db")
    migrate(store)
    store.close()


def start(environment, repository, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "api", *words], cwd=repository, env=environment, stderr=subprocess.PIPE, text=True
    )


def fails(environment, repository, *words):
    process = start(environment, repository, *words)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    return said


def wait_until_ready(environment, context=None):
    url = f"{'http' if context is None else 'https'}://127.0.0.1:{environment['FEDROTA_PORT']}/readyz"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=20, context=context) as answer:
                return json.load(answer)
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    pytest.fail("the gateway did not become ready")


def test_it_serves_and_stops_in_order(environment, repository):
    prepare(environment)
    process = start({**environment, "FEDROTA_REUSE_PORT": "true"}, repository)
    assert wait_until_ready(environment)["ready"]
    second = start({**environment, "FEDROTA_REUSE_PORT": "true"}, repository)
    heard = json.loads(second.stderr.readline())["event"]
    assert (heard, second.poll()) == ("gateway_listens", None)  # they share the port
    third = fails(environment, repository)
    assert "cannot be bound" in third
    for each in (process, second):
        each.send_signal(signal.SIGTERM)
        _, said = each.communicate(timeout=60)
        assert each.returncode == 0
        events = [json.loads(line)["event"] for line in said.splitlines()]
        assert events[-2:] == ["gateway_drains", "gateway_stopped"]
        assert set(events[:-2]) <= {"gateway_listens"}


def test_it_may_open_as_many_files_as_the_system_allows(environment, repository):
    """Six hundred connections that ask for nothing left none for the database where a process may open 512."""
    prepare(environment)
    lowered = "import os, resource, sys; hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; "
    lowered += "resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard)); "
    lowered += "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    argv = [sys.executable, "-c", lowered, "-m", "api"]
    process = subprocess.Popen(argv, env=environment, cwd=repository, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with ExitStack() as held:
        held.callback(process.kill)
        assert wait_until_ready(environment)["ready"]
        address = ("127.0.0.1", int(environment["FEDROTA_PORT"]))
        for _ in range(600):
            held.enter_context(socket.create_connection(address))
        assert wait_until_ready(environment)["ready"]
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert b"Traceback" not in said
    assert process.returncode == 0


def test_a_database_without_its_schema_is_refused(environment, repository):
    said = fails(environment, repository)
    assert "run `python -m scheduler.store.migrate`" in said
    assert "Traceback" not in said


def test_what_is_wrong_with_the_settings_is_said_in_sentences(environment, repository):
    assert "FEDROTA_BROKER_URL is empty" in fails({**environment, "FEDROTA_BROKER_URL": ""}, repository)
    assert "is not loopback" in fails(environment, repository, "--host", "0.0.0.0")
    assert "FEDROTA_PORT" in fails({**environment, "FEDROTA_PORT": "x"}, repository)


def test_a_broker_that_is_away_is_named(environment, repository, free_port):
    prepare(environment)
    away = {**environment, "FEDROTA_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"}
    program = (
        "import sys; from api.agent import gateway_bus as bus; bus.SUBSCRIBE_S = 0.1; "
        "from api.__main__ import main; sys.exit(main())"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, cwd=repository, env=away, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "look at FEDROTA_BROKER_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stop_that_comes_as_soon_as_it_listens_is_heard(environment, repository):
    """What follows the listening may take long on a busy machine; whoever sees the port may stop it."""
    prepare(environment)
    program = (
        "import os, signal, sys, api.__main__ as entry; "
        "entry.spare_the_old = lambda: os.kill(os.getpid(), signal.SIGTERM); sys.exit(entry.main())"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run(
        argv, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, json.loads(done.stderr.splitlines()[-1])["event"]) == (0, "gateway_stopped")


def make_certificate(folder):
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fedrota")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "tls.crt", folder / "tls.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_with_a_certificate_it_serves_over_tls_only(environment, repository, tmp_path):
    prepare(environment)
    certificate, key = make_certificate(tmp_path)
    environment |= {"FEDROTA_TLS_CERT": str(certificate), "FEDROTA_TLS_KEY": str(key)}
    process = start(environment, repository)
    try:
        trusting = ssl.create_default_context(cafile=certificate)
        assert wait_until_ready(environment, context=trusting)["ready"]
        port = environment["FEDROTA_PORT"]
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"https://127.0.0.1:{port}/readyz", timeout=20)
        with pytest.raises(OSError, match="reset|closed|aborted"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=20)
        environment_of_client = {"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(certificate), "HOME": str(tmp_path)}
        said = subprocess.run(
            [sys.executable, "-m", "fedrota", "--url", f"https://127.0.0.1:{port}", "parties", "--json"],
            cwd=repository, env=environment_of_client, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert "token" in said.stderr  # past the handshake: the gateway itself has answered
        assert "CERTIFICATE" not in said.stderr
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_a_certificate_that_cannot_be_used_is_named(environment, repository, tmp_path):
    prepare(environment)
    certificate, _ = make_certificate(tmp_path)
    said = fails({**environment, "FEDROTA_TLS_CERT": str(certificate), "FEDROTA_TLS_KEY": str(certificate)}, repository)
    assert "FEDROTA_TLS_CERT and FEDROTA_TLS_KEY cannot be used" in said
