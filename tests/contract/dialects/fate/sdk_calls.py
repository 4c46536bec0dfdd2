"""Every function of the published SDK against a server, run by the client's own Python: `sdk_calls.py JOB.json`."""

import copy
import inspect
import json
import os
import sys
import time
import zipfile
from pathlib import Path

job = json.loads(Path(sys.argv[1]).read_text())
folder = job["folder"]
version = tuple(int(part) for part in job["version"].split(".")[:3])
OLD = version < (1, 7)
mine = job["label"].lower().replace(" ", "_").replace(".", "_")
sys.path.insert(0, os.path.dirname(__file__))
from documents import predict_conf, toy, train, train_long, train_v1, upload  # noqa: E402
from flow_sdk.client import FlowClient  # noqa: E402

flow = FlowClient("127.0.0.1", job["port"], "v1", *(job["keys"] or ()))
calls, facts, called = {}, {}, set()


def call(name, *args, note=None, **given):
    """Call a function of the SDK; its answer is kept under its name, or under `note`."""
    called.add(name)
    api, _, function = name.partition(".")
    try:
        answer = getattr(getattr(flow, api), function)(*args, **given)
    except Exception as wrong:  # noqa: BLE001  whatever a client raises is what its user sees
        answer = {"raised": repr(wrong)}
    calls[note or name] = answer
    return answer if isinstance(answer, dict) else {"value": answer}


def doc(value):
    """A document as this version takes it: the path of a file, or the value."""
    if not OLD:
        return copy.deepcopy(value)
    path = os.path.join(folder, f"doc{len(os.listdir(folder))}.json")
    with open(path, "w") as file:
        json.dump(value, file)
    return path


def submit(conf, dsl=None, note=None):
    if OLD:
        return call("job.submit", doc(conf), doc(dsl) if dsl else None, note=note)
    return call("job.submit", conf, dsl, note=note)


def wait(job_id, seconds=300):
    """The status at the end, every status seen on the way in `facts`."""
    seen = facts.setdefault("statuses", [])
    ends = time.time() + seconds
    while time.time() < ends:
        answer = flow.job.query(job_id=job_id)
        rows = answer.get("data") or []
        status = rows[0]["f_status"] if rows else "none: {}".format(answer.get("retmsg"))
        if status not in seen:
            seen.append(status)
        if status in ("success", "failed", "canceled", "timeout") or not rows:
            return status
        time.sleep(0.2)
    return "late"


def files_below(path):
    return sorted(os.path.relpath(os.path.join(root, name), path) for root, _, names in os.walk(path) for name in names)


def until(path, seconds):
    ends = time.time() + seconds
    while not os.path.exists(path) and time.time() < ends:
        time.sleep(0.05)
    return os.path.exists(path)


# --- data and tables ---
for party in ("9999", "10000"):
    answer = call("data.upload", doc(upload(job, mine, party)), note="upload " + party)
    facts["upload " + party] = wait(answer.get("jobId")) if answer.get("jobId") else None
call("data.upload", doc(upload(job, mine, "9999")), note="upload again")
answer = call("data.upload", doc(upload(job, mine, "9999")), drop=1)
facts["replaced"] = wait(answer["jobId"]) if answer.get("jobId") else None
call("data.upload_history", limit=5)
call("data.upload_history", job_id=answer.get("jobId"), note="one upload")
call("table.info", "exp", mine + "_9999")
call("table.info", "exp", "none", note="no table")

# --- a training ---
conf, dsl = (train_v1 if version < (1, 6) else train)(job, mine)
answer = submit(conf, dsl)
train_id = answer.get("jobId")
model = (answer.get("data") or {}).get("model_info") or {}
facts["train"] = wait(train_id) if train_id else None
call("job.query", job_id=train_id)
call("job.query", job_id=train_id, role="host", party_id=10000, status="success", note="query by filters")
call("job.query", job_id="1", note="no job")
call("job.list", limit=3)
call("job.view", job_id=train_id)
answer = call("job.config", train_id, "guest", 9999, folder)
facts["config files"] = files_below(answer.get("directory", "/nowhere"))
answer = call("job.log", train_id, folder)
facts["log files"] = files_below(answer.get("directory", "/nowhere"))
if OLD:
    given = ["2"] if version < (1, 6) else []
    call(
        "job.generate_dsl",
        doc(train(job, mine)[1]),
        *given,
        cpn_list=["reader_0", "data_transform_0", "scale_0", "homo_lr_0"],
    )
else:
    call("job.generate_dsl", train(job, mine)[1], ["reader_0", "data_transform_0", "scale_0", "homo_lr_0"])
call("task.list", limit=3)
call("task.query", job_id=train_id, role="guest", party_id=9999)
call("task.query", job_id="1", note="no task")
where = (train_id, "guest", 9999, "homo_lr_0")
call("component.list", train_id)
for name in ("metrics", "metric_all", "parameters", "output_model", "output_data_table", "get_summary"):
    call("component." + name, *where)
call("component.metric_all", train_id, "guest", 9999, "evaluation_0", note="evaluation")
answer = call("component.output_data", *where, output_path=folder, limit=7)
directory = answer.get("directory", "/nowhere")
facts["data files"] = files_below(directory)
facts["data rows"] = {
    name: len(Path(directory, name).read_text().splitlines())
    for name in facts["data files"] if name.endswith(".csv")
}  # fmt: skip
out = os.path.join(folder, "downloaded.csv")
answer = call(
    "data.download",
    doc(
        {
            "namespace": "exp",
            "table_name": mine + "_9999",
            "output_path": out,
            "party_id": 9999,
            "delimitor": ",",
            "work_mode": 0,
        }
    ),
)
facts["download"] = wait(answer.get("jobId")) if answer.get("jobId") else None
facts["downloaded"] = len(Path(out).read_text().splitlines()) if until(out, 60) else None

# --- the model ---
parties = {"guest": ["9999"], "host": ["10000"], "arbiter": ["10000"]}
names = {"model_id": model.get("model_id"), "model_version": model.get("model_version")}
deployed = names
if hasattr(flow.model, "deploy"):
    chosen = ["reader_0", "data_transform_0", "scale_0", "homo_lr_0"]
    answer = call("model.deploy", names["model_id"], names["model_version"], cpn_list=chosen)
    found = answer.get("data") or {}
    deployed = {"model_id": found.get("model_id"), "model_version": found.get("model_version")}
    call("model.get_predict_dsl", **deployed)
    answer = call("model.get_predict_conf", **deployed)
    call("model.get_model_info", **deployed)
    facts["predict"] = None
    if answer.get("data"):
        answer = submit(predict_conf(answer["data"], mine), note="predict")
        if answer.get("jobId"):
            facts["predict"] = wait(answer["jobId"])
            call("component.output_data_table", answer["jobId"], "guest", 9999, "homo_lr_0", note="predicted")
publish = {
    "initiator": {"party_id": "9999", "role": "guest"},
    "role": parties,
    "job_parameters": {"work_mode": 0, **deployed},
}
call("model.load", doc({**publish, "servings": ["127.0.0.1:8000"]}))
call("model.bind", doc({**publish, "service_id": mine, "servings": ["127.0.0.1:8000"]}))
one = {"role": "guest", "party_id": 9999, **deployed}
answer = call("model.export_model", doc({**one, "output_path": folder}))
archive = answer.get("file", "/nowhere")
facts["archive"] = (
    zipfile.ZipFile(archive).namelist() if os.path.exists(archive) and zipfile.is_zipfile(archive) else None
)
call("model.import_model", doc({**one, "file": archive, "force_update": 0}), note="import again")
call("model.import_model", doc({**one, "file": archive, "force_update": 1}))
answer = call("model.export_model", doc(one), to_database=True, note="store")
facts["store"] = wait(answer.get("jobId")) if answer.get("jobId") else None
answer = call("model.import_model", doc(one), from_database=True, note="restore")
facts["restore"] = wait(answer.get("jobId")) if answer.get("jobId") else None
migrate = {
    "job_parameters": {"federated_mode": "SINGLE"},
    "role": parties,
    "migrate_initiator": {"role": "guest", "party_id": 10000},
    "migrate_role": {"guest": [10000], "host": [9999], "arbiter": [9999]},
    "execute_party": {"guest": [9999], "host": [10000], "arbiter": [10000]},
    "unify_model_version": mine.replace("_", "") + "m",
    **deployed,
}
call("model.migrate", doc(migrate))
version_of = deployed["model_version"]
call("model.tag_model", version_of, mine + "_tag")
call("model.tag_list", version_of)
call("model.tag_model", version_of, mine + "_tag", remove=True, note="untag")
call("model.tag_list", version_of, note="no tags")
call("tag.create", mine, tag_desc="made by the " + job["label"]) if version >= (1, 6) else call("tag.create", mine)
call("tag.query", mine)
call("tag.query", mine + "_tag", with_model=True, note="tag with models")
call("tag.update", mine, new_tag_name=mine + "2", new_tag_desc="changed")
call("tag.list", limit=100)
call("tag.delete", mine + "2")
call("tag.query", mine + "2", note="no tag")

# --- what only some versions have ---
for api in ("priviledge", "privilege"):
    if hasattr(flow, api):
        for name in ("grant", "query", "delete"):
            call(f"{api}.{name}", src_party_id="10000", src_role="host")
if hasattr(flow, "checkpoint"):
    which = {**one, "component_name": "homo_lr_0"}
    call("checkpoint.list_checkpoints", **which)
    call("checkpoint.get_checkpoint", step_index=0, **which)
if hasattr(flow, "remote_version"):
    for name, _ in inspect.getmembers(flow.remote_version, inspect.ismethod):
        if not name.startswith("_"):
            call("remote_version." + name)
if hasattr(flow, "test"):
    answer = call("test.toy", 9999, 10000)
    facts["toy"] = wait(answer["jobId"]) if answer.get("jobId") else None
    called.update({"test.check_toy", "test.toy_conf", "test.toy_dsl"})  # parts of `toy` that send nothing
if hasattr(flow.model, "homo_convert"):
    call("model.homo_convert", {**one, "framework_name": "sklearn"})
    call("model.homo_deploy", {**one, "deployment_type": "kfserving", "service_id": "s", "deployment_parameters": {}})
if hasattr(flow.component, "hetero_model_merge"):
    merge = {**deployed, "guest_party_id": "9999", "host_party_ids": ["10000"], "component_name": "homo_lr_0",
             "model_type": "glm", "output_format": "pmml"}  # fmt: skip
    if version < (1, 10):
        merge["model_alias"] = "model"
    call("component.hetero_model_merge", **merge)
if hasattr(flow.component, "woe_array_extract"):
    which = {**one, "component_name": "homo_lr_0"}
    call("component.woe_array_extract", **which)
    call("component.woe_array_merge", woe_array={}, **which)
if hasattr(flow.table, "bind"):
    address = {"path": job["tables"]["9999"]}
    call("table.bind", "LOCALFS", mine + "_bound", "exp", address, partitions=2, head=True, id_delimiter=",", drop=True)
    call("table.info", "exp", mine + "_bound", note="bound table")

# --- the first steps of the documentation ---
if version >= (1, 11):
    steps = {"keys": job["keys"]}
    exec(job["page"].replace("9380", str(job["port"])).replace('"v1")', '"v1", *keys)'), steps)
    facts["first steps"] = steps["status"]
    facts["first summary"] = steps["flow"].component.get_summary(steps["job"], "guest", 9999, "evaluation_0")["data"]

# --- stopping, cleaning ---
answer = submit(*train_long(job, mine))
call("job.stop", answer.get("jobId"))
facts["stopped"] = wait(answer.get("jobId")) if answer.get("jobId") else None
call("table.delete", "exp", mine + "_9999")
call("table.info", "exp", mine + "_9999", note="deleted table")
call("component.metric_delete", job_id=train_id)
call("component.metrics", *where, note="deleted metrics")

# --- what would disturb the other clients, so each waits for its turn ---
Path(folder, "ready").touch()
until(os.path.join(folder, "go"), 600)
answer = submit(*toy(job), note="in the queue")
queued = answer.get("jobId")
facts["in the queue"] = (flow.job.query(job_id=queued).get("data") or [{}])[0].get("f_status")
call("queue.clean")
facts["cleaned"] = (flow.job.query(job_id=queued).get("data") or [{}])[0].get("f_status")
call("component.metric_delete", date=train_id[:8] if train_id else "20200101", note="metrics of a day")
called.add("data.download_history")  # it does nothing

apis = [
    name
    for name in dir(flow)
    if not name.startswith("_") and type(getattr(flow, name)).__mro__[-2].__name__ == "BaseFlowAPI"
]
functions = {
    f"{api}.{name}"
    for api in apis
    for name, _ in inspect.getmembers(getattr(flow, api), inspect.ismethod)
    if not name.startswith("_")
}
report = {"calls": calls, "facts": facts, "uncalled": sorted(functions - called), "functions": len(functions)}
with open(os.path.join(folder, "report.tmp"), "w") as file:
    json.dump(report, file, default=repr)
os.rename(os.path.join(folder, "report.tmp"), os.path.join(folder, "report.json"))
