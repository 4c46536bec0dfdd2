"""Trains with iFLearner Flow's own client: `python train.py PORT FOLDER PARTY=DATA PARTY=DATA`; FOLDER holds trainer.py."""

import json
import sys
import time
import uuid
from typing import Any

from flow_server_sdk import FlowServerSdk

EPOCHS = 3


def say(call: str, answer: dict[str, Any]) -> Any:
    """Show a call and its answer; end where it was refused."""
    print(f">>> {call}\n{json.dumps(answer, indent=2)}", flush=True)
    if answer["ret_code"] != 0:
        sys.exit(1)
    return answer.get("data")


def main() -> None:
    port, folder, *parties = sys.argv[1:]
    flow = FlowServerSdk(host="127.0.0.1", port=port)
    name = f"breast-{uuid.uuid4().hex[:8]}"
    template = say(
        "template.create",
        flow.template.create(
            name=name,
            image_url="iflearner:0.1.0",
            workdir=folder,
            command=["python", "trainer.py"],
            remark="logistic regression, FedAvg",
            hyper_parameter=[f"epoch={EPOCHS}", "lr=0.5"],
        ),
    )["template_id"]
    pairs = [party.split("=", 1) for party in parties]
    task = say(
        "task.create",
        flow.task.create(
            name=name,
            template_id=template,
            remark="two parties",
            federate_data=[{"federated_id": party, "federated_data": path} for party, path in pairs],
        ),
    )["task_id"]
    say("task.start", flow.task.start(task))
    follow(flow, task)


def follow(flow: FlowServerSdk, task: str) -> None:
    """Show each new state until the task has ended."""
    shown = None
    while True:
        found = flow.task.get(task)["data"]
        state = {key: found[key] for key in ("status", "party_status")}
        if state != shown:
            print(f"--- {json.dumps(state)}", flush=True)
            shown = state
        if found["status"] not in {"Started", "Pending", "Running", "Unknown"}:
            say("task.get", flow.task.get(task))
            sys.exit(found["status"] != "Succeeded")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
