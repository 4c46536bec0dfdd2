import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.install import install

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

HERE = Path(__file__).parent
READY_S = 60.0
PROJECT = """
name: demo
participants:
  - {name: server, type: server, org: hq, fed_learn_port: %d, host_names: [127.0.0.1], connect_to: 127.0.0.1}
  - {name: site-1, type: client, org: hospital}
  - {name: site-2, type: client, org: clinic}
  - {name: admin@hq.org, type: admin, org: hq, role: project_admin}
  - {name: member@clinic.org, type: admin, org: clinic, role: member}
  - {name: gone@clinic.org, type: admin, org: clinic, role: lead}
"""


@dataclass(frozen=True)
class System:
    """A running system with a bridge, kits for its users, and job folders."""

    repository: Path
    folder: Path
    url: str
    port: int

    def kit(self, user: str) -> str:
        return str(self.folder / "kits" / user)

    def run(self, version: str, script: str, user: str, *, kit: str = "", job: str = "job") -> str:
        """What an unmodified client prints; it has nothing of ours on its path."""
        python = install(f"nvflare-{version}")
        argv = [str(python), str(HERE / script), kit or self.kit(user), user, str(self.folder / job)]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(argv, cwd=self.folder, env=kept, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()[-1]

    def call(self, version: str, user: str, **given: str) -> dict:
        return json.loads(self.run(version, "bridge_calls.py", user, **given))

    def fedrota(self, *words: str) -> None:
        argv = [sys.executable, "-m", "fedrota", *words]
        environment = {**os.environ, "FEDROTA_STATE_DIR": str(self.folder / "state")}
        done = subprocess.run(
            argv, cwd=self.repository, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def count_jobs(self) -> int:
        token = (self.folder / "state" / "token").read_text().strip()
        asked = urllib.request.Request(f"{self.url}/fedrota/v1/jobs?limit=500")
        asked.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(asked) as answer:
            return len(json.load(answer)["items"])

    def start_bridge(self, port: int, url: str) -> "subprocess.Popen[str]":
        argv = [str(install("flare-bridge")), "-m", "fedrota.bridge", "--port", str(port), "--url", url]
        environment = {**os.environ, "FEDROTA_STATE_DIR": str(self.folder / "state")}
        with (self.folder / f"bridge-{port}.out").open("wb") as out:
            bridge = subprocess.Popen(argv, cwd=self.repository, env=environment, stdout=out, stderr=out, text=True)
        deadline = time.monotonic() + READY_S
        while "ready" not in (said := (self.folder / f"bridge-{port}.out").read_text()):
            assert bridge.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        return bridge


@pytest.fixture(scope="module")
def system(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("bridge")
    state = folder / "state"
    argv = [sys.executable, "-m", "fedrota", "up", "--state", str(state), "--port", "0", "--no-flower"]
    argv += [word for party in ("server", "site-1", "site-2") for word in ("--party", party)]
    with (folder / "up.out").open("wb") as out:
        up = subprocess.Popen(argv, cwd=repository, stdout=out, stderr=out)
    try:
        url = wait_for_url(up, state, folder / "up.out")
        made = System(repository, folder, url, find_port())
        (folder / "project.yml").write_text(PROJECT % made.port)
        made.fedrota("provision", str(folder / "project.yml"), "--out", str(folder / "kits"))
        make_jobs(repository, folder)
        bridge = made.start_bridge(made.port, url)
        yield made
        bridge.send_signal(signal.SIGTERM)
        assert bridge.wait(10) == 0
    finally:
        up.terminate()
        up.wait(60)


def wait_for_url(up: "subprocess.Popen[bytes]", state: Path, out: Path) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert up.poll() is None, out.read_text()
        if (state / "up.json").exists():
            record = json.loads((state / "up.json").read_text())
            if record["phase"] == "ready":
                return str(record["url"])
        time.sleep(0.05)
    raise AssertionError(out.read_text())


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_jobs(repository: Path, folder: Path) -> None:
    """A job folder that is right, one that is wrong, one that takes several chunks."""
    config = folder / "job" / "app" / "config"
    config.mkdir(parents=True)
    (config / "config_fed_server.json").write_text('{"format_version": 2, "workflows": []}')
    (config / "config_fed_client.json").write_text('{"format_version": 2, "executors": []}')
    meta = {"name": "job", "deploy_map": {"app": ["@ALL"]}, "min_clients": 2, "resource_spec": {}}
    (folder / "job" / "meta.json").write_text(json.dumps(meta))
    shutil.copytree(folder / "job", folder / "bad")
    (folder / "bad" / "meta.json").write_text(json.dumps({**meta, "deploy_map": {}}))
    shutil.copytree(folder / "job", folder / "large")
    (folder / "large" / "app" / "model.bin").write_bytes(secrets.token_bytes(6 << 20))


@pytest.mark.parametrize("version", ["2.9.0", "2.8.1"])
def test_unmodified_clients_are_served(system, version):
    found = system.call(version, "admin@hq.org")
    values = {name: answer["value"] for name, answer in found.items()}
    job = values["submit"]
    assert len(job) == 25, values
    assert values["meta"]["job_id"] == job
    assert (values["meta"]["submitter_name"], values["meta"]["submitter_role"]) == ("admin@hq.org", "project_admin")
    assert values["monitor"] == ["JOB_FINISHED", "FINISHED:EXECUTION_EXCEPTION"]
    assert job in {row["job_id"] for row in values["list"]}
    assert values["list_detailed"][0]["job_folder_name"] == "job"
    assert values["stats"] == {"raised": "JobNotRunning", "says": f"job {job} is not running"}
    assert values["abort_ended"] == f"Job for {job} is already completed."
    assert "meta.json" in {Path(name).name for name in values["download"]}
    assert any(name.endswith("config_fed_server.json") for name in values["download"])
    assert values["clone"] not in {None, job}
    assert values["monitor_copy"][0] == "JOB_FINISHED"
    assert values["delete"] == {"job_id": values["clone"], "submit_records_marked_deleted": 0}
    assert values["meta_deleted"] == {"raised": "JobNotFound", "says": f"no such job: {values['clone']}"}
    assert values["keyed_again"] == values["keyed"] != job
    assert values["keyed_other"]["raised"] == "SubmitTokenConflict"
    assert values["bad_job"]["raised"] == "InvalidJobDefinition"
    assert "deploy_map is empty for job bad" in values["bad_job"]["says"]
    assert values["system_info"] == values["clients"] == ["site-1", "site-2"]
    assert [row["client_name"] for row in values["client_status"]] == ["site-1", "site-2"]
    assert [row["site_name"] for row in values["client_env"]] == ["site-1", "site-2"]
    assert set(values["version"]) == set(values["resources"]) == {"server", "site-1", "site-2"}
    assert values["unknown_client"]["raised"] == "InvalidTarget"
    assert values["close"] is None
    assert values["closed"]["raised"] == "SessionClosed"
    assert values["study"]["raised"] == "AuthenticationError"
    print(version, {name: answer["ms"] for name, answer in found.items()})


def test_the_certificate_s_role_decides(system):
    found = {name: answer["value"] for name, answer in system.call("2.9.0", "member@clinic.org").items()}
    assert found["submit"]["raised"] == "AuthorizationError"
    assert isinstance(found["list"], list)


def test_another_s_name_does_not_log_in(system):
    found = system.call("2.9.0", "admin@hq.org", kit=system.kit("member@clinic.org"))
    assert "raised" in found["login"]["value"]
    assert set(found) == {"login"}


def test_a_revoked_kit_does_not_log_in(system):
    assert isinstance(system.call("2.9.0", "gone@clinic.org")["list"]["value"], list)
    system.fedrota(
        "provision", str(system.folder / "project.yml"), "--out", str(system.folder / "kits"),
        "--revoke", "gone@clinic.org",
    )  # fmt: skip
    found = system.call("2.9.0", "gone@clinic.org")
    assert "raised" in found["login"]["value"]
    assert set(found) == {"login"}


def test_several_chunks_arrive_and_one_that_breaks_off_leaves_no_job(system):
    before = system.count_jobs()
    assert system.run("2.9.0", "bridge_break.py", "admin@hq.org", job="large") == "gone"
    assert system.count_jobs() == before
    found = {name: answer["value"] for name, answer in system.call("2.9.0", "admin@hq.org", job="large").items()}
    assert len(found["submit"]) == 25
    assert any(name.endswith("model.bin") for name in found["download"])
    assert system.count_jobs() == before + 2


def test_garbage_and_strangers_do_not_disturb(system):
    address = ("127.0.0.1", system.port)
    idle = [socket.create_connection(address) for _ in range(50)]
    for content in (b"\x00" * 4096, b"GET / HTTP/1.1\r\n\r\n", secrets.token_bytes(65_536)):
        with socket.create_connection(address) as stranger:
            stranger.sendall(content)
    assert not is_answered(address, system.folder / "state/flare/rootCA.pem")
    assert isinstance(system.call("2.9.0", "member@clinic.org")["list"]["value"], list)
    for each in idle:
        each.close()


def is_answered(address: tuple[str, int], authority: Path) -> bool:
    """Whether somebody without a certificate gets anything at all to read."""
    context = ssl.create_default_context(cafile=str(authority))
    try:
        with (
            socket.create_connection(address) as plain,
            context.wrap_socket(plain, server_hostname=address[0]) as stranger,
        ):
            stranger.sendall(b"GET /f3 HTTP/1.1\r\nHost: x\r\n\r\n")
            return bool(stranger.recv(100))
    except (ssl.SSLError, ConnectionError):
        return False


def test_without_a_gateway_a_client_is_told_so(system, tmp_path):
    port = find_port()
    bridge = system.start_bridge(port, f"http://127.0.0.1:{find_port()}")
    kit = tmp_path / "kit"
    shutil.copytree(system.kit("admin@hq.org"), kit)
    config = kit / "startup" / "fed_admin.json"
    config.write_text(config.read_text().replace(f'"port": {system.port}', f'"port": {port}'))
    found = system.call("2.9.0", "admin@hq.org", kit=str(kit))
    assert found["login"]["value"]["raised"] in {"NoConnection", "ConnectionError"}
    bridge.send_signal(signal.SIGTERM)
    assert bridge.wait(10) == 0
