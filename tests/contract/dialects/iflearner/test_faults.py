import json
import os
import signal
import time
import uuid

import httpx
import psutil
import pytest

from api.agent.hub import CALL_TIMEOUT_S

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def flow(system):
    with httpx.Client(base_url=f"http://127.0.0.1:{system.port}/api/v1", timeout=200) as client:
        yield client


def ok(answer):
    found = answer.json()
    assert (answer.status_code, found["ret_code"]) == (200, 0), found
    return found.get("data")


def until(condition, within_s=300.0):
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return found


@pytest.fixture
def training(flow, repository):
    """A training with the real engine that would go on for minutes."""
    name = uuid.uuid4().hex
    folder = str(repository / "examples/iflearner")
    fields = {"image_url": "iflearner:0.1.0", "workdir": folder, "command": ["python", "trainer.py"]}
    template = ok(flow.post("/template", json={"name": name, **fields}))["template_id"]
    federates = [
        {"federated_id": party, "federated_data": str(repository / "examples/data" / party)}
        for party in ("9999", "10000")
    ]
    task = ok(flow.post("/task", json={"name": name, "template_id": template, "federate_data": federates}))["task_id"]
    ok(flow.post(f"/task/{task}/start", json={"epochs": 500}))
    yield task
    flow.post(f"/task/{task}/stop")


def find_processes(system, *words):
    """The processes of tasks of this system whose command line holds all the words."""
    found = []
    for process in psutil.process_iter():
        try:
            is_ours = str(system.folder) in process.environ().get("FEDROTA_SITE", "")
            if is_ours and all(word in " ".join(process.cmdline()) for word in words):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_lost_party_ends_the_attempt_and_a_new_one_takes_in_all(system, flow, training):
    def latest():
        return ok(flow.get(f"/task/{training}/runs"))["runs"][0]

    def is_ready():
        return all(party["ready"] for party in latest()["party_status"])

    until(is_ready)
    before = {process.pid for process in find_processes(system, "--epochs")}
    find_processes(system, "trainer.py", "--name=10000")[0].kill()
    until(lambda: latest()["attempt"] == 2)
    until(is_ready)
    assert latest()["status"] == "Running"
    assert not before & {process.pid for process in find_processes(system, "--epochs")}
    ok(flow.post(f"/task/{training}/stop"))
    assert ok(flow.get(f"/task/{training}"))["status"] == "Cancelled"
    until(lambda: not find_processes(system, "--epochs"))


def test_a_list_never_waits_for_a_party(system, flow, training):
    record = json.loads((system.folder / "state/up.json").read_text())
    workers = [each["pid"] for each in record["processes"] if each["kind"] == "worker"]
    assert len(workers) == 2
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        for path in ("/task?limit=1000", f"/task/{training}", "/template", "/federate"):
            began = time.monotonic()
            ok(flow.get(path))
            assert time.monotonic() - began < CALL_TIMEOUT_S  # of one look at one party
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
