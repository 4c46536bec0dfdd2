"""Every function of FATE 2.x's SDK against a server, run by the client's own Python: `flow_calls.py JOB.json`."""

import inspect
import json
import os
import sys
import time
from pathlib import Path

from fate_client.flow_sdk import FlowClient

job = json.loads(Path(sys.argv[1]).read_text())
folder = job["folder"]
app_id, app_token = job["keys"] or (None, None)
flow = FlowClient("127.0.0.1", job["port"], "v2", app_id=app_id, app_token=app_token)
calls, facts, called = {}, {}, set()
MEMBERS = [("guest", "9999"), ("host", "10000"), ("arbiter", "10000")]
ENDS = ("success", "failed", "canceled", "timeout")


def call(name, /, *args, note=None, **given):
    """Call a function of the SDK; its answer is kept under its name, or under `note`."""
    called.add(name)
    api, _, function = name.partition(".")
    try:
        answer = getattr(getattr(flow, api), function)(*args, **given)
        if hasattr(answer, "json"):
            answer = answer.json()
    except Exception as wrong:  # noqa: BLE001  whatever a client raises is what its user sees
        answer = {"raised": repr(wrong)}
    calls[note or name] = answer
    return answer if isinstance(answer, dict) else {"value": answer}


def list_parties(*members):
    return [{"role": role, "party_id": [party]} for role, party in members]


def leave(task, key):
    return {"task_output_artifact": {"producer_task": task, "output_artifact_key": key}}


def wait(job_id, seconds=300):
    """The status at the end, every status seen on the way in `facts`."""
    seen = facts.setdefault("statuses", [])
    ends = time.time() + seconds
    while job_id and time.time() < ends:
        answer = flow.job.query(job_id=job_id)
        status = answer["data"][0]["status"] if answer.get("data") else answer.get("message")
        if status not in seen:
            seen.append(status)
        if status in ENDS or not answer.get("data"):
            return status
        time.sleep(0.2)
    return None if not job_id else "late"


def submit(dag, note=None):
    schema = {"dag": dag, "schema_version": "2.2.0", "kind": "fate"}
    return call("job.submit", schema, note=note).get("job_id")


def files_below(path):
    return sorted(os.path.relpath(os.path.join(root, name), path) for root, _, names in os.walk(path) for name in names)


def make_reading(name):
    """Readers of each party's table: tasks, and what each party reads."""
    own = {}
    for role, party in MEMBERS[:2]:
        table = {"namespace": "flow", "name": f"{name}_{party}"}
        own[f"{role}_{party}"] = {
            "parties": list_parties((role, party)),
            "tasks": {"reader_0": {"parameters": table}},
        }
    return own


def vertical(party):
    """The file of a party's columns of the breast data."""
    return os.path.join(job["examples"], "../data", party, "breast_vertical_train.csv")


READER = {"component_ref": "reader", "parties": list_parties(*MEMBERS[:2]), "stage": "default"}
PSI = {
    "component_ref": "psi",
    "parties": list_parties(*MEMBERS[:2]),
    "stage": "default",
    "dependent_tasks": ["reader_0"],
    "inputs": {"data": {"input_data": leave("reader_0", "output_data")}},
}
SCALE = {
    "component_ref": "feature_scale",
    "parties": list_parties(*MEMBERS[:2]),
    "dependent_tasks": ["psi_0"],
    "parameters": {"method": "standard"},
    "inputs": {"data": {"train_data": leave("psi_0", "output_data")}},
}
TRAIN = {
    "parties": list_parties(*MEMBERS),
    "stage": "train",
    "conf": {"cores": 1, "auto_retries": 0},
    "tasks": {
        "reader_0": READER,
        "psi_0": PSI,
        "scale_0": SCALE,
        "lr_0": {
            "component_ref": "coordinated_lr",
            "parties": list_parties(*MEMBERS),
            "dependent_tasks": ["scale_0"],
            "parameters": {
                "epochs": 3,
                "batch_size": None,
                "optimizer": {
                    "method": "sgd",
                    "penalty": "l2",
                    "alpha": 0.01,
                    "optimizer_params": {"lr": 0.5},
                },
                "learning_rate_scheduler": {"method": "constant", "scheduler_params": {"factor": 1.0}},
                "init_param": {"fit_intercept": True, "method": "zeros"},
                "he_param": {"kind": "paillier", "key_length": 1024},
            },
            "inputs": {"data": {"train_data": leave("scale_0", "train_output_data")}},
        },
        "evaluation_0": {
            "component_ref": "evaluation",
            "parties": list_parties(MEMBERS[0]),
            "stage": "default",
            "dependent_tasks": ["lr_0"],
            "parameters": {"default_eval_setting": "binary"},
            "inputs": {"data": {"input_datas": leave("lr_0", "train_output_data")}},
        },
    },
    "party_tasks": make_reading("breast"),
}

# --- data and tables ---
meta = {"label_name": "y", "match_id_name": "id", "delimiter": ",", "dtype": "float32"}
for party in ("9999", "10000"):
    given = {"head": True, "partitions": 4, "meta": meta, "extend_sid": True, "namespace": "flow", "party_id": party}
    answer = call("data.upload_file", vertical(party), name=f"raw_{party}", note="upload " + party, **given)
    facts["upload " + party] = wait(answer.get("job_id"))
    source = {"namespace": "flow", "name": f"raw_{party}"}
    answer = call("data.dataframe_transformer", "flow", f"breast_{party}", source, note="transform " + party)
    facts["transform " + party] = wait(answer.get("job_id"))
call("data.upload_file", vertical("9999"), name="raw_9999", note="upload again", **{**given, "party_id": "9999"})
answer = call("data.upload", job["tables"]["9999"], name="local", **{**given, "party_id": "9999"})
facts["local"] = wait(answer.get("job_id"))
call("table.query", "flow", "breast_9999", display=True)
call("table.query", "flow", "none", note="no table")
path = os.path.join(folder, "table")
call("data.download", "flow", "breast_9999", path)
facts["table files"] = files_below(path)
path = os.path.join(folder, "saved.csv")
answer = call("data.download_component", "flow", "breast_9999", path)
facts["saved"] = (wait(answer.get("job_id")), len(Path(path).read_text().splitlines()) if os.path.exists(path) else 0)
call("table.bind_path", "flow", "bound", job["tables"]["9999"])
call("table.query", "flow", "bound", note="bound table")
call("table.delete", "flow", "bound")
call("table.query", "flow", "bound", note="deleted table")

# --- a training ---
train_id = submit(TRAIN)
facts["train"] = wait(train_id)
model = (calls["job.submit"].get("data") or {}) if train_id else {}
call("job.query", train_id)
call("job.query", train_id, "host", "10000", note="query by filters")
call("job.query", "1", note="no job")
call("job.query_job_list", limit=2, page=1)
call("job.query_job_list", job_id=train_id, role="guest", order_by="create_time", order="asc", note="list by filters")
call("job.dag_dependency", train_id, "guest", "9999")
call("job.add_notes", train_id, "guest", "9999", "a note of mine")
call("job.query", train_id, note="noted")
answer = call("job.download_log", train_id, folder)
facts["log files"] = files_below(os.path.join(folder, f"{train_id}_logs"))
call("task.query", job_id=train_id, role="guest", party_id="9999")
call("task.query", job_id="1", note="no task")
call("task.query_task_list", limit=3, page=1, job_id=train_id)
call("log.count", "schedule_info", train_id)
call("log.query", "schedule_info", train_id, begin=1, end=2)
where = (train_id, "guest", "9999", "lr_0")
call("output.query_metric_key", *where)
call("output.query_metric", *where)
call("output.query_metric", *where, filters={"name": "loss"}, note="filtered metrics")
call("output.query_metric", *where[:3], "evaluation_0", note="evaluation")
call("output.query_model", *where)
call("output.query_model", *where[:3], "none", note="no such task")
call("output.download_model", *where, folder)
facts["model files"] = files_below(os.path.join(folder, f"output_model_{train_id}_guest_9999_lr_0"))
call("output.data_table", *where)
call("output.data_display", *where)
call("output.download_data", *where, None, folder)
out = os.path.join(folder, f"output_data_{train_id}_guest_9999_lr_0")
facts["data files"] = files_below(out)
facts["data rows"] = {
    name: len(Path(out, name).read_text().splitlines()) for name in facts["data files"] if name.endswith(".csv")
}


# --- the same job, predicting with its model ---
def leave_model(task):
    return {"model_warehouse": {"producer_task": task, "output_artifact_key": "output_model", **model}}


predict = {
    "parties": list_parties(*MEMBERS),
    "stage": "predict",
    "conf": {"model_warehouse": model},
    "tasks": {
        "reader_0": READER,
        "psi_0": PSI,
        "scale_0": {
            "component_ref": "feature_scale",
            "parties": list_parties(*MEMBERS[:2]),
            "dependent_tasks": ["psi_0"],
            "inputs": {
                "data": {"test_data": leave("psi_0", "output_data")},
                "model": {"input_model": leave_model("scale_0")},
            },
        },
        "lr_0": {
            "component_ref": "coordinated_lr",
            "parties": list_parties(*MEMBERS[:2]),
            "dependent_tasks": ["scale_0"],
            "inputs": {
                "data": {"test_data": leave("scale_0", "test_output_data")},
                "model": {"input_model": leave_model("lr_0")},
            },
        },
    },
    "party_tasks": make_reading("breast"),
}
predict_id = submit(predict, note="predict")
facts["predict"] = wait(predict_id)
call("output.data_display", predict_id, "guest", "9999", "lr_0", note="predicted")


# --- the pipeline of the same package: fit and predict ---
def run_pipeline():
    """A training and a prediction as the pipeline composes them, and what it reads of their outputs."""
    from fate_client.pipeline import FateFlowPipeline
    from fate_client.pipeline.components.fate.coordinated_lr import CoordinatedLR
    from fate_client.pipeline.components.fate.evaluation import Evaluation
    from fate_client.pipeline.components.fate.feature_scale import FeatureScale
    from fate_client.pipeline.components.fate.psi import PSI
    from fate_client.pipeline.components.fate.reader import Reader
    from fate_client.pipeline.conf.env_config import FlowConfig

    FlowConfig.PORT = job["port"]

    def read(name):
        reader = Reader(name, runtime_parties={"guest": "9999", "host": "10000"})
        reader.guest.task_parameters(namespace="flow", name="breast_9999")
        reader.hosts[0].task_parameters(namespace="flow", name="breast_10000")
        return reader

    upload = FateFlowPipeline().set_parties(guest="9999")
    upload.transform_local_file_to_dataframe(
        file=vertical("9999"), meta=meta, head=True, extend_sid=True, namespace="flow", name="piped"
    )
    fit = FateFlowPipeline().set_parties(guest="9999", host="10000", arbiter="10000")
    reader_0 = read("reader_0")
    psi_0 = PSI("psi_0", input_data=reader_0.outputs["output_data"])
    scale_0 = FeatureScale("scale_0", method="standard", train_data=psi_0.outputs["output_data"])
    lr_0 = CoordinatedLR(
        "lr_0", train_data=scale_0.outputs["train_output_data"], **TRAIN["tasks"]["lr_0"]["parameters"]
    )
    tables = [lr_0.outputs["train_output_data"]]
    evaluation_0 = Evaluation("evaluation_0", runtime_parties={"guest": "9999"}, input_datas=tables)
    fit.add_tasks([reader_0, psi_0, scale_0, lr_0, evaluation_0])
    fit.compile()
    fit.fit()
    figures = fit.get_task_info("evaluation_0").get_output_metric()[0]["data"]
    (table,) = fit.get_task_info("lr_0").get_output_data().values()
    fit.deploy([psi_0, scale_0, lr_0])
    deployed, predict, reader_1 = fit.get_deployed_pipeline(), FateFlowPipeline(), read("reader_1")
    deployed.psi_0.input_data = reader_1.outputs["output_data"]
    predict.add_tasks([reader_1, deployed])
    predict.compile()
    predict.predict()
    model = fit.get_task_info("lr_0").get_output_model()["output_model"]["data"]
    return {"auc": {point["step"]: point["metric"] for point in figures}["auc"], "rows": len(table),
            "columns": len(model["weight"])}  # fmt: skip


try:
    facts["pipeline"] = run_pipeline()
except Exception as wrong:  # noqa: BLE001  whatever a client raises is what its user sees
    facts["pipeline"] = repr(wrong)
call("table.query", "flow", "piped", note="piped table")

# --- models ---
named = {"model_id": model.get("model_id"), "model_version": model.get("model_version")}
member = {"role": "guest", "party_id": "9999"}
answer = call("model.export", path=folder, **named, **member)
archive = (answer.get("data") or ["/nowhere"])[0]
facts["archive"] = os.path.exists(archive)
answer = call("model.migrate", dir_path=os.path.join(folder, "moved"), **named, **member)
facts["moved"] = files_below(os.path.join(folder, "moved"))
call("model.delete_model", **named)
call("model.delete_model", **named, note="delete again")
if facts["archive"]:
    call("model.import_model", path=archive, **named)
for name in ("load", "store", "restore"):
    call(f"model.{name}")

# --- who may what ---
answer = call("client_.create_client", "app of mine")
app = (answer.get("data") or {}).get("app_id")
call("client_.query_client", app_name="app of mine")
call("permission.query_role")
call("permission.grant", app, "super_client")
call("permission.query", app)
call("permission.delete", app, "super_client")
call("permission.query", app, note="permission left")
call("client_.delete_client", app)
call("client_.query_client", app, note="deleted client")
call("client_.create_site", "10001")
call("client_.query_site", "10001")
call("client_.query_partner", "10001")
call("client_.create_partner", "a", "10001", "t")
call("client_.delete_partner", "10001")
call("client_.delete_site", "10001")
call("client_.query_site", "10001", note="deleted site")
call("permission.grant_resource", "10002", component="coordinated_lr,psi")
call("permission.query_resource", "10002")
call("permission.delete_resource", "10002", component="*")
call("permission.query_resource", "10002", note="resources left")
call("provider.query", name="fedrota")
call("provider.register", "other", "local", "1.0", {"path": "/nowhere"})
call("provider.delete", "other", "local", "1.0")
call("site.info")
call("service.get_fateflow_info")

# --- bad jobs ---
wrong = json.loads(json.dumps(TRAIN))
wrong["tasks"]["lr_0"]["parameters"]["epoch"] = 1
submit(wrong, note="unknown parameter")
wrong["tasks"]["lr_0"]["component_ref"] = "coordinated_l"
submit(wrong, note="unknown component")

# --- stopping, running again, cleaning ---
answer = call("test.toy", "9999", "10000")
facts["toy"] = wait(answer.get("job_id"))
called.update({"test.check_toy", "test.toy_conf", "test.toy_dsl"})  # parts of `toy` that send nothing
toy = flow.test.toy_conf("9999", "10000")
toy["dag"]["tasks"]["toy_example_0"]["parameters"]["data_num"] = 1000000
stopped = call("job.submit", toy, note="to be stopped").get("job_id")
call("job.stop", stopped)
facts["stopped"] = wait(stopped)
call("job.rerun", stopped)
facts["rerun"] = wait(stopped)
call("output.delete_metric", *where)
call("output.query_metric_key", *where, note="deleted metrics")
call("output.delete_model", *where)
call("output.query_model", *where, note="deleted model")
call("job.job_clean", train_id)
call("output.data_table", *where, note="cleaned job")
call("table.delete", "flow", "breast_9999", note="delete a table")

# --- what would disturb the other clients, so each waits for its turn ---
Path(folder, "ready").touch()
ends = time.time() + 600
while not os.path.exists(os.path.join(folder, "go")) and time.time() < ends:
    time.sleep(0.05)
queued = call("job.submit", flow.test.toy_conf("9999", "10000"), note="in the queue").get("job_id")
facts["in the queue"] = (flow.job.query(job_id=queued).get("data") or [{}])[0].get("status")
call("job.queue_clean")
facts["cleaned"] = (flow.job.query(job_id=queued).get("data") or [{}])[0].get("status")

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
