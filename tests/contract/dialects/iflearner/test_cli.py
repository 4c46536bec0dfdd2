import ast
import json
import shutil
import uuid

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def flow(system, client, tmp_path):
    """`flow_server_cli` as typed. It writes its settings into its own package, so it gets an unchanged copy of that."""
    packages = tmp_path / "packages"
    where = system.run(client, "-c", "import flow_server_cli; print(flow_server_cli.__path__[0])").stdout.strip()
    shutil.copytree(where, packages / "flow_server_cli")

    def run(*words):
        done = system.run(client, "-m", "flow_server_cli.flow_cli", *words, PYTHONPATH=str(packages))
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    assert run("init", "--host", "127.0.0.1", "--port", system.port)["ret_code"] == 0
    return run


def test_the_command_line_does_what_the_sdk_does(flow):
    name = uuid.uuid4().hex
    words = ("-n", name, "-i", "local", "-w", "/w", "-r", "r", "-c", '["sh", "-c", "true"]', "-hp", '["epoch=2"]')
    template = flow("template", "create", *words)["data"]["template_id"]
    found = flow("template", "get", "-id", template)["data"]
    assert (found["command"], found["hyper_parameter"]) == (["sh", "-c", "true"], ["epoch=2"])
    assert flow("template", "update", "-id", template, *words)["ret_code"] == 0
    assert flow("template", "list", "-p", "1", "-l", "5")["data"]["template_count"] >= 1
    parties = str([{"federated_id": "9999", "federated_data": ""}])
    assert ast.literal_eval(parties)
    task = flow("task", "create", "-n", name, "-t", template, "-fd", parties)["data"]["task_id"]
    assert flow("task", "update", "-id", task, "-n", name, "-t", template, "-fd", parties)["ret_code"] == 0
    assert flow("task", "start", "-id", task) == {"ret_code": 0, "ret_msg": "success"}
    while flow("task", "get", "-id", task)["data"]["status"] != "Succeeded":
        continue
    assert flow("task", "stop", "-id", task) == {"ret_code": 10303, "ret_msg": "status conflicit"}
    assert flow("task", "list", "-p", "1", "-l", "5")["data"]["task_count"] >= 1
    assert flow("task", "delete", "-id", task)["ret_code"] == 0
    assert flow("template", "create", *words) == {"ret_code": 10201, "ret_msg": "duplicate template name"}
    assert flow("template", "delete", "-id", template)["ret_code"] == 0
