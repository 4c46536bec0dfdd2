"""NVIDIA FLARE's own job, unmodified, run by its own server and clients at three parties, through the drop-in session."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import psutil
import pytest

from fedrota.flare import JobNotRunning, MonitorReturnCode, NoReply, Session, new_secure_session
from tests.clients.install import install
from tests.e2e.conftest import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
JOB = Path(__file__).parents[2] / "examples/flare/hello-numpy"
SITES = ("site-1", "9999")
RUN_S = 150.0
BOUND_S = 100.0
"""A run that is aborted or has lost a member is over after so long."""
ROUNDS = 8
"""As many as a test needs to look at some of them."""
MANY = 200
"""So many that a job does not end before something happens to it."""
EXPECTED = [[9, 10, 11], [12, 13, 14], [15, 16, 17]]
"""What they make of FLARE's first model: each site adds one in every round."""


@pytest.fixture(scope="module")
def system(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system with FLARE at every party."""
    found = System(repository, tmp_path_factory.mktemp("flare") / "state")
    engines = {"flare": str(install("nvflare-2.9.0"))}
    parties = [word for party in ("server", *SITES) for word in ("--party", party)]
    try:
        found.start("--no-flower", *parties, environment={"FEDROTA_ENGINES": json.dumps(engines)})
        yield found
        found.stop()
    finally:
        found.end()


@pytest.fixture
def session(system: System, tmp_path: Path) -> Iterator[Session]:
    """The drop-in session of the system's administrator."""
    kit = tmp_path / "kit"
    (kit / "startup").mkdir(parents=True)
    token = (system.state / "token").read_text().strip()
    gateway = {"url": system.record()["url"], "token": token}
    (kit / "startup" / "fed_admin.json").write_text(json.dumps({"admin": {"username": "admin", "gateway": gateway}}))
    with new_secure_session("admin", str(kit)) as found:
        yield found


RUN: tuple[str, ...] = ("nvflare.private", "fedrota workers.flare")
"""What the processes of a run show: FLARE's own, and those of ours that start them."""


def list_flare(system: System, *words: str) -> list[psutil.Process]:
    """The processes of runs below the system whose command lines hold all words."""
    found = []
    for process in psutil.Process(system.process.pid).children(recursive=True):
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if any(mark in line for mark in RUN) and all(word in line for word in words):
            found.append(process)
    return found


def wait(condition: Callable[[], Any], within_s: float) -> Any:
    """What `condition` gives once that is true."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s"
        time.sleep(0.1)
    return found


def find_round(session: Session, job: str) -> int | None:
    try:
        server = session.show_stats(job, "server").get("server", {})
    except (JobNotRunning, NoReply):
        return None  # a machine under load answers late
    return next((part["current_round"] for part in server.values() if "current_round" in part), None)


def wait_for_round(session: Session, job: str) -> None:
    wait(lambda: find_round(session, job) is not None or session.get_job_meta(job)["reason"].startswith("no"), RUN_S)


def test_a_job_runs_as_it_is_and_tells_how_far_it_is(system, session, tmp_path):
    rounds: list[int] = []
    errors: list[Any] = []

    def look(session: Session, job: str, _meta: dict[str, Any]) -> bool:
        current = find_round(session, job)
        if current is not None:
            rounds.append(current)
        if current is not None and not errors:
            errors.append(session.show_errors(job, "all"))
            with pytest.raises(Exception, match="no app command func for topic tune"):
                session.do_app_command(job, "tune", {"rate": 1})
        return True

    job = session.submit_job(str(copy_job(tmp_path, rounds=ROUNDS)))
    code, meta = session.monitor_job_and_return_job_meta(job, timeout=RUN_S, poll_interval=0.3, cb=look)
    assert code is MonitorReturnCode.JOB_FINISHED
    assert meta is not None
    assert meta["status"] == "FINISHED:COMPLETED", (meta["reason"], session.get_job_logs(job, "all"))
    assert rounds == sorted(rounds)
    assert set(rounds) & set(range(1, ROUNDS))
    assert errors[0]["server"] == "No Error"
    with system.client() as client:
        points = [(point.x, point.value) for point in client.metrics(job) if point.name == "round"]
        assert points  # a round that is over before anybody looks leaves none
        assert points == sorted({(number, float(number)) for number in range(ROUNDS + 1)} & set(points))
    folder = Path(session.download_job_result(job))
    assert numpy.load(folder / "workspace" / "models" / "server.npy").tolist() == EXPECTED
    assert (folder / "job" / "hello-numpy" / "app" / "config" / "config_fed_server.json").is_file()
    assert json.loads((folder / "meta.json").read_text())["job_id"] == job
    assert f"Round {ROUNDS - 1} finished" in (folder / "workspace" / "log.txt").read_text()
    assert "NPTrainer" in session.get_job_logs(job, "site-1")["logs"]["site-1"]


def copy_job(folder: Path, *, rounds: int) -> Path:
    """The job with so many rounds, for the sites that there are."""
    job = Path(shutil.copytree(JOB, folder / JOB.name))
    config = job / "app" / "config" / "config_fed_server.json"
    server = json.loads(config.read_text())
    server["workflows"][0]["args"]["num_rounds"] = rounds
    aggregator = next(each for each in server["components"] if each["id"] == "aggregator")
    aggregator["args"]["aggregation_weights"] = dict.fromkeys(SITES, 1.0)
    config.write_text(json.dumps(server))
    return job


TUNER = """
from nvflare.apis.event_type import EventType
from nvflare.apis.fl_component import FLComponent


class Tuner(FLComponent):
    def handle_event(self, event_type, fl_ctx):
        if event_type == EventType.START_RUN:
            fl_ctx.get_engine().register_app_command("tune", self.tune)

    def tune(self, topic, data, fl_ctx, *args, **kwargs):
        return {"topic": topic, "doubled": 2 * data["rate"]}
"""


def copy_with_tuner(folder: Path) -> Path:
    """The job with a component of its own that takes commands under the topic `tune`."""
    job = copy_job(folder, rounds=MANY)
    (job / "app" / "custom").mkdir()
    (job / "app" / "custom" / "tuner.py").write_text(TUNER)
    config = job / "app" / "config" / "config_fed_server.json"
    server = json.loads(config.read_text())
    server["components"].append({"id": "tuner", "path": "tuner.Tuner", "args": {}})
    config.write_text(json.dumps(server))
    return job


def test_a_component_of_the_job_takes_commands_and_an_aborted_job_leaves_no_process(system, session, tmp_path):
    job = session.submit_job(str(copy_with_tuner(tmp_path)))
    wait_for_round(session, job)
    assert session.do_app_command(job, "tune", {"rate": 21}) == {"topic": "tune", "doubled": 42}
    assert list_flare(system, "runner_process")
    session.abort_job(job)
    wait(lambda: session.get_job_meta(job)["status"] == "FINISHED:ABORTED", BOUND_S)
    wait(lambda: not list_flare(system), BOUND_S)


@pytest.mark.parametrize(
    ("party", "words"), [("site-1", ("client_train", "uid=site-1")), ("server", ("server_train",))]
)
def test_a_job_that_loses_a_member_fails_and_says_why(system, session, tmp_path, *, party, words):
    job = session.submit_job(str(copy_job(tmp_path, rounds=MANY)))
    wait_for_round(session, job)
    (process,) = list_flare(system, *words)
    process.kill()
    meta = wait(lambda: is_over(session.get_job_meta(job)), BOUND_S)
    assert meta["status"] == "FINISHED:EXECUTION_EXCEPTION"
    assert f"{words[0].partition('_')[0]} process was killed by SIGKILL" in meta["reason"]
    assert party in meta["reason"]
    assert f"ERRORLOG_{party}" in session.list_job_components(job)
    assert (Path(session.download_job_components(job)) / f"ERRORLOG_{party}").stat().st_size > 0
    wait(lambda: not list_flare(system), BOUND_S)


def is_over(meta: dict[str, Any]) -> dict[str, Any] | None:
    return meta if meta["status"].startswith("FINISHED") else None
