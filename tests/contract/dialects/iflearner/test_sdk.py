import json
import re
import urllib.request
from pathlib import Path

import pytest

from tests.clients.install import install
from workers.executors.iflearner_command import AGGREGATOR
from workers.iflearner.aggregator import PAUSE_S

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
CALLS = {
    "template.create", "template.update", "template.get", "template.list", "template.delete",
    "task.create", "task.update", "task.get", "task.list", "task.delete", "task.start", "task.stop",
}  # fmt: skip


def test_the_client_s_own_twelve_tests_pass(system, client):
    # They call 127.0.0.1:1235, wherever the server is; a proxy is the one way to lead them elsewhere unchanged.
    tests = ("-m", "unittest", "-v", "flow_server_sdk.tests.task_test", "flow_server_sdk.tests.template_test")
    done = system.run(client, *tests, http_proxy=f"http://127.0.0.1:{system.port}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 12 tests" in done.stderr
    assert done.stderr.rstrip().endswith("OK")


def test_every_function_of_the_sdk_works(system, client):
    done = system.run(client, str(HERE / "all_calls.py"), system.port)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads(done.stdout)
    assert answers.keys() - {"ended", "stopped"} == CALLS
    assert {call: answer["ret_code"] for call, answer in answers.items() if answer["ret_code"]} == {}
    for call in ("template.update", "template.delete", "task.update", "task.delete", "task.start", "task.stop"):
        assert answers[call] == {"ret_code": 0, "ret_msg": "success"}
    template, task = answers["template.get"]["data"], answers["task.get"]["data"]
    assert set(template) == {
        "name", "remark", "image_url", "workdir", "command", "hyper_parameter", "template_id", "create_time", "modify_time",
    }  # fmt: skip
    assert re.fullmatch("[0-9a-f]{30}", template["template_id"])
    assert re.fullmatch("[0-9a-f]{32}", task["task_id"])
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000", task["create_time"])
    assert (task["status"], task["party_status"]) == (None, None)
    assert answers["template.list"]["data"]["template_count"] == 1
    assert task["task_id"] in {each["task_id"] for each in answers["task.list"]["data"]["tasks"]}
    ended = answers["ended"]["data"]
    assert ended["status"] == "Succeeded"
    assert ended["party_status"] == [
        {"name": party, "ready": True, "complete": True, "current_epoch": 10, "total_epoch": 10}
        for party in ("9999", "10000")
    ]
    assert answers["stopped"]["data"]["status"] == "Cancelled"


def test_two_parties_train_with_the_real_engine(system, newest, repository):
    example = repository / "examples/iflearner"
    data = [f"{party}={repository / 'examples/data' / party}" for party in ("9999", "10000")]
    done = system.run(newest, str(example / "train.py"), system.port, str(example), *data)
    assert done.returncode == 0, done.stdout + done.stderr
    states = [json.loads(line[4:]) for line in done.stdout.splitlines() if line.startswith("--- ")]
    assert states[-1]["status"] == "Succeeded"
    assert [(row["complete"], row["current_epoch"]) for row in states[-1]["party_status"]] == [(True, 3), (True, 3)]
    live = [[row["current_epoch"] for row in state["party_status"]] for state in states if state["status"] == "Running"]
    assert any(live), "no epoch was seen while it ran"
    for epochs in zip(*live, strict=True):  # one may pass unseen
        assert list(epochs) == sorted(epochs)
        assert epochs[-1] in {1, 2, 3}


def test_the_engine_tells_no_party_the_average_before_it_can_wait_for_it(system):
    done = system.run(install("iflearner-0.1.0"), str(HERE / "race.py"), str(AGGREGATOR))
    assert done.returncode == 0, done.stdout + done.stderr
    assert float(done.stdout.split("waited ")[1]) >= PAUSE_S


def test_the_first_steps_of_the_documentation_run(system, newest, repository, tmp_path):
    page = (repository / "docs/coming-from-iflearner.md").read_text()
    steps = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    for word, here in (("9380", system.port), ("federate-1", "9999"), ("federate-2", "10000")):
        assert word in steps
        steps = steps.replace(word, here)
    wait = "\nwhile (status := flow.task.get(task)['data']['status']) != 'Succeeded': assert status != 'Failed'\n"
    (tmp_path / "steps.py").write_text(steps + wait)
    done = system.run(newest, str(tmp_path / "steps.py"))
    assert done.returncode == 0, done.stderr
    with urllib.request.urlopen(f"http://127.0.0.1:{system.port}/api/v1/task?limit=1000") as answer:
        task = next(each["task_id"] for each in json.load(answer)["data"]["tasks"] if each["name"] == "first")
    with urllib.request.urlopen(f"http://127.0.0.1:{system.port}/api/v1/task/{task}/logs?federated_id=9999") as answer:
        assert json.load(answer)["data"]["logs"][0] == "I run with --lr=0.1 --name=9999 --epochs=3"
