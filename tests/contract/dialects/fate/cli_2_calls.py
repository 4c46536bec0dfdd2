"""Every command of the `flow` of FATE 2.x against a server, run by the client's own Python: `cli_2_calls.py JOB.json`."""

import json
import os
import sys
import time
from pathlib import Path

from fate_client.flow_cli.flow import flow_cli
from typed import Typed

job = json.loads(Path(sys.argv[1]).read_text())
folder = job["folder"]
typed, facts = Typed(flow_cli, folder), {}
calls, called, call, doc = typed.calls, typed.called, typed.call, typed.doc
GUEST, HOST = ("guest", "9999"), ("host", "10000")
ENDS = ("success", "failed", "canceled", "timeout")


def wait(job_id, seconds=300):
    """The status at the end."""
    ends = time.time() + seconds
    while job_id and time.time() < ends:
        rows = call("job query", "-j", job_id, "-r", "guest", note="polled").get("data") or [{}]
        if rows[0].get("status") in (*ENDS, None):
            return rows[0].get("status")
        time.sleep(0.2)
    return "late" if job_id else None


def read_status(job_id):
    return (call("job query", "-j", job_id, note="polled").get("data") or [{}])[0].get("status")


def files_below(path):
    return sorted(os.path.relpath(os.path.join(root, name), path) for root, _, names in os.walk(path) for name in names)


def list_parties(*members):
    return [{"role": role, "party_id": [party]} for role, party in members]


def leave(task, key):
    return {"task_output_artifact": {"producer_task": task, "output_artifact_key": key}}


def read_tables():
    """What each party's reader reads."""
    return {
        f"{role}_{party}": {
            "parties": list_parties((role, party)),
            "tasks": {"reader_0": {"parameters": {"namespace": "cli", "name": f"breast_{party}"}}},
        }
        for role, party in (GUEST, HOST)
    }


def make_schema(tasks):
    members = (GUEST, HOST, ("arbiter", "10000"))
    dag = {"parties": list_parties(*members), "stage": "train", "tasks": tasks, "party_tasks": read_tables()}
    return {"dag": dag, "schema_version": "2.2.0", "kind": "fate"}


TRAIN = {
    "reader_0": {"component_ref": "reader", "stage": "default", "parties": list_parties(GUEST, HOST)},
    "homo_lr_0": {
        "component_ref": "homo_lr",
        "dependent_tasks": ["reader_0"],
        "parameters": {"epochs": 2},
        "inputs": {"data": {"train_data": leave("reader_0", "output_data")}},
    },
}

keys = ["--app-id", job["keys"][0], "--app-token", job["keys"][1]] if job["keys"] else []
call("init", "--ip", "127.0.0.1", "--port", job["port"], *keys)
call("version")

# --- data and tables ---
meta = {"label_name": "y", "match_id_name": "id", "delimiter": ",", "dtype": "float32"}
given = {"head": True, "partitions": 4, "meta": meta, "extend_sid": True, "namespace": "cli"}
for party in ("9999", "10000"):
    one = {**given, "file": job["tables"][party], "name": f"raw_{party}", "party_id": party}
    words = "data upload" if party == "9999" else "data upload-file"
    facts["upload " + party] = wait(call(words, "-c", doc(one)).get("job_id"))
    source = {"namespace": "cli", "name": f"raw_{party}"}
    made = {"namespace": "cli", "name": f"breast_{party}", "data_warehouse": source}
    facts["transform " + party] = wait(call("data transformer", "-c", doc(made)).get("job_id"))
place = ("-ns", "cli", "-n", "breast_9999")
call("data upload", "-c", doc({**one, "file": "/etc/passwd", "name": "out"}), note="a file of nobody's")
call("table query", *place, "-d", "true")
call("table query", "-ns", "cli", "-n", "none", note="no table")
call("data download", *place, "-o", os.path.join(folder, "table"))
facts["table files"] = files_below(os.path.join(folder, "table"))
call("data download", "-ns", "cli", "-n", "none", "-o", os.path.join(folder, "none"), note="download of no table")
path = os.path.join(folder, "saved.csv")
facts["saved"] = (
    wait(call("data download-component", *place, "-o", path).get("job_id")),
    len(Path(path).read_text().splitlines()) if os.path.exists(path) else 0,
)
call("table bind", "-ns", "cli", "-n", "bound", "-o", job["tables"]["9999"])
call("table delete", "-ns", "cli", "-n", "bound")
call("table query", "-ns", "cli", "-n", "bound", note="deleted table")

# --- a training ---
train = call("job submit", "-c", doc(make_schema(TRAIN)))
train_id = train.get("job_id")
facts["train"] = wait(train_id)
mine = ("-j", train_id, "-r", "guest", "-p", "9999")
where = (*mine, "-tn", "homo_lr_0")
call("job query", *mine, "-s", "success")
call("job query", "-j", "1", note="no job")
call("job list", *mine, "-l", 3)
call("job add-notes", *mine, "--notes", "a note of mine")
call("job dependency", *mine)
call("job download-log", "-j", train_id, "-o", folder)
facts["log files"] = files_below(os.path.join(folder, f"{train_id}_logs"))
call("job download-log", "-j", "1", "-o", folder, note="log of no job")
call("log count", *mine, "--log-type", "schedule_info")
call("log query", *mine, "--log-type", "schedule_info")
call("log query", *where, "--log-type", "task_info", note="log of a task")
call("log query", *mine, "--log-type", "nonsense", note="no such log")
call("task query", *where, "-s", "success", "-tv", "0")
call("task query", "-j", "1", note="no task")
call("task list", *where, "-l", 3)
for name in ("query-metric-key", "query-metric", "query-model", "query-data-table", "display-data"):
    call("output " + name, *where)
call("output query-metric", *mine, "-tn", "none", note="metrics of no task")
call("output download-model", *where, "-o", folder)
facts["model files"] = files_below(os.path.join(folder, f"output_model_{train_id}_guest_9999_homo_lr_0"))
call("output download-model", *mine, "-tn", "reader_0", "-o", folder, note="no model")
call("output download-data", *where, "-o", folder)
facts["data files"] = files_below(os.path.join(folder, f"output_data_{train_id}_guest_9999_homo_lr_0"))

# --- its model ---
model = train.get("data") or {}
named = ("-mid", model.get("model_id"), "-mv", model.get("model_version"))
archive = (call("model export", *named, "-r", "guest", "-p", "9999", "-o", folder).get("data") or ["/nowhere"])[0]
call("model delete", *named, "-r", "guest", "-p", "9999", "-tn", "homo_lr_0", note="part of a model")
call("model delete", *named)
call("model export", *named, "-r", "guest", "-p", "9999", "-o", folder, note="export of no model")
facts["archive"] = os.path.exists(archive)
if facts["archive"]:
    call("model import", *named, "-i", archive)
call("model import", *named, "-i", job["tables"]["9999"], note="import of no archive")

# --- who may what ---
app = (call("client create-client", "--app-name", "typed").get("data") or {}).get("app_id")
call("client query-client", "--app-id", app, "--app-name", "typed")
call("permission grant", "--app-id", app, "-r", "super_client")
call("permission query", "--app-id", app)
call("permission delete", "--app-id", app, "-r", "super_client")
call("permission query", "--app-id", app, note="permission left")
call("client delete-client", "--app-id", app)
call("client delete-client", "--app-id", "nobody", note="no client")
for name in ("create-site", "query-site", "query-partner", "delete-site"):
    call("client " + name, "-p", "10003")
call("client query-site", "-p", "10003", note="deleted site")
call("client create-partner", "-p", "10003", "--app-id", "a", "--app-token", "t")
call("client delete-partner", "-p", "10003")
granted = doc({"party_id": "10004", "component": "psi", "dataset": {"namespace": "cli", "name": "breast_9999"}})
call("permission grant-resource", "-c", granted)
call("permission query-resource", "-p", "10004")
call("permission delete-resource", "-c", granted)
call("permission query-resource", "-p", "10004", note="resources left")
call("provider query", "-n", "fedrota")
call("provider query", "-n", "other", note="no provider")
provider = {"name": "other", "device": "local", "version": "1.0", "metadata": {"base_path": "/nowhere"}}
call("provider register", "-c", doc(provider))
call("provider delete", "-n", "other", "--device", "local", "--version", "1.0", "--provider-name", "other:1.0@local")
call("server info")
call("site query")

# --- bad jobs ---
wrong = json.loads(json.dumps(TRAIN))
wrong["homo_lr_0"]["parameters"]["epoch"] = 1
call("job submit", "-c", doc(make_schema(wrong)), note="unknown parameter")
call("job submit", "-c", doc(["no", "schema"]), note="no schema")
call("job submit", "-c", doc({"dag": {"tasks": []}}), note="no tasks")

# --- stopping, running again, cleaning ---
call("test toy", "-gid", "9999", "-hid", "10000", "-t", 300)
call("test toy", "-gid", "9999", "-hid", "nobody", note="toy with nobody")
toy = {"dag": {"parties": list_parties(GUEST, HOST), "stage": "default", "tasks": {"toy_example_0": {
    "component_ref": "toy_example", "parameters": {"data_num": 1000000}}}}, "schema_version": "2.2.0"}  # fmt: skip
stopped = call("job submit", "-c", doc(toy), note="to be stopped").get("job_id")
call("job stop", "-j", stopped)
facts["stopped"] = wait(stopped)
call("job rerun", "-j", stopped)
facts["rerun"] = wait(stopped)
call("job stop", "-j", "1", note="stop of no job")
call("job rerun", "-j", "1", note="rerun of no job")
call("output delete-metric", *where)
call("output query-metric-key", *where, note="deleted metrics")
call("output delete-model", *where)
call("job clean", "-j", train_id)
call("output query-data-table", *where, note="cleaned job")

# --- what would disturb the other clients, so each waits for its turn ---
Path(folder, "ready").touch()
ends = time.time() + 600
while not os.path.exists(os.path.join(folder, "go")) and time.time() < ends:
    time.sleep(0.05)
toy["dag"]["tasks"]["toy_example_0"]["parameters"]["data_num"] = 10
queued = call("job submit", "-c", doc(toy), note="in the queue").get("job_id")
facts["in the queue"] = read_status(queued)
call("job clean-queue")
facts["cleaned"] = read_status(queued)
call("init", "--reset", note="reset")


def list_commands(group, path=""):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from list_commands(command, path + name + " ")
        else:
            yield path + name


known = set(list_commands(flow_cli))
report = {"calls": calls, "facts": facts, "uncalled": sorted(known - called), "functions": len(known)}
Path(folder, "report.tmp").write_text(json.dumps(report, default=repr))
os.rename(os.path.join(folder, "report.tmp"), os.path.join(folder, "report.json"))
