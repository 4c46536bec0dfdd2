"""Every function of the published SDK against a server, run by the client's own Python: `all_calls.py PORT`."""

import json
import sys
import time
import uuid

from flow_server_sdk import FlowServerSdk

flow = FlowServerSdk(host="127.0.0.1", port=sys.argv[1])
name = uuid.uuid4().hex
answers = {}


def note(call, answer):
    answers[call] = answer
    return answer.get("data") or {}


fields = {"image_url": "local", "workdir": "/data/ocr/script", "command": ["sh", "-c", "sleep 0.5"]}
template = note("template.create", flow.template.create(name=name, remark="", hyper_parameter=[], **fields))[
    "template_id"
]
note("template.update", flow.template.update(template_id=template, name=f"{name}x", **fields))
note("template.get", flow.template.get(template_id=template))
note("template.list", flow.template.list(keyword=name, page=1, limit=10))
federates = [{"federated_id": party, "federated_data": ""} for party in ("9999", "10000")]
task = note("task.create", flow.task.create(name=name, template_id=template, remark="r", federate_data=federates))[
    "task_id"
]
federates[0]["federated_data"] = ""
note(
    "task.update", flow.task.update(task_id=task, name=name, template_id=template, remark="R", federate_data=federates)
)
note("task.get", flow.task.get(task))
note("task.start", flow.task.start(task))
note("task.list", flow.task.list(1, 1000))
while flow.task.get(task)["data"]["status"] in {"Started", "Pending", "Running"}:
    time.sleep(0.05)
note("ended", flow.task.get(task))
flow.template.update(template_id=template, name=f"{name}x", **{**fields, "command": ["sleep", "600"]})
flow.task.start(task)
note("task.stop", flow.task.stop(task))
note("stopped", flow.task.get(task))
note("task.delete", flow.task.delete(task))
note("template.delete", flow.template.delete(template))
print(json.dumps(answers))
