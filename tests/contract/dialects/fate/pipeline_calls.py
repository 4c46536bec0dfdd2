"""A training and a prediction with the published pipeline, run by the client's own Python: `pipeline_calls.py JOB.json`."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

job = json.loads(Path(sys.argv[1]).read_text())
folder = job["folder"]
mine = job["label"].lower().replace(" ", "_").replace(".", "_")
calls, facts = {}, {}


def use():
    """What a user's script does: upload, train, look, deploy, predict."""
    from pipeline.backend.pipeline import PipeLine

    load_data(PipeLine())
    flow, steps = make_training(PipeLine())
    flow.fit()
    facts["train"] = flow.get_train_job_id()
    look(flow)
    flow.deploy_component(steps[1:])
    predict(PipeLine(), flow, steps[0])
    flow.dump(os.path.join(folder, "pipeline.pkl"))
    facts["dumped"] = PipeLine.load_model_from_file(os.path.join(folder, "pipeline.pkl")).get_train_job_id()
    facts["bound"] = PipeLine().bind_table(f"{mine}_bound", "exp", job["tables"]["9999"])


def load_data(loader):
    loader.set_initiator(role="guest", party_id=9999).set_roles(guest=9999)
    for party in ("9999", "10000"):
        loader.add_upload_data(
            file=job["tables"][party], table_name=f"{mine}_{party}", namespace="exp", head=1, partition=4
        )
    loader.upload(drop=1)
    facts["upload"] = True


def make_training(flow):
    """The pipeline, ready to fit, and those of its components that predict."""
    from pipeline.component import DataTransform, Evaluation, FeatureScale, HomoLR, Reader
    from pipeline.interface import Data

    flow.set_initiator(role="guest", party_id=9999).set_roles(guest=9999, host=10000, arbiter=10000)
    reader = Reader(name="reader_0")
    for role, party in (("guest", 9999), ("host", 10000)):
        reader.get_party_instance(role=role, party_id=party).component_param(
            table={"name": f"{mine}_{party}", "namespace": "exp"}
        )
    transform = DataTransform(name="data_transform_0", with_label=True, output_format="dense")
    scale = FeatureScale(name="scale_0", method="standard_scale")
    params = {"penalty": "L2", "max_iter": 3, "batch_size": -1, "learning_rate": 0.15, "early_stop": "diff"}
    regression = HomoLR(name="homo_lr_0", optimizer="sgd", **params)
    evaluation = Evaluation(name="evaluation_0", eval_type="binary")
    evaluation.get_party_instance(role="host", party_id=10000).component_param(need_run=False)
    flow.add_component(reader)
    flow.add_component(transform, data=Data(data=reader.output.data))
    flow.add_component(scale, data=Data(data=transform.output.data))
    flow.add_component(regression, data=Data(train_data=scale.output.data))
    flow.add_component(evaluation, data=Data(data=regression.output.data))
    flow.compile()
    return flow, [reader, transform, scale, regression]


def look(flow):
    from pipeline.utils.invoker.job_submitter import JobInvoker

    # While a job runs `fit` asks for its running tasks, once a second: a short job may end before. So once for sure.
    where = {"job_id": facts["train"], "role": "guest", "party_id": 9999}
    _, _, tasks = JobInvoker().query_task(status="success", **where)
    facts["tasks"] = sorted(task["f_component_name"] for task in tasks)
    task = flow.get_component("homo_lr_0")
    calls["summary"] = task.get_summary()
    calls["model"] = task.get_model_param()
    calls["table"] = task.get_output_data_table()
    data = task.get_output_data(limits=7)
    facts["columns"], facts["rows"] = [str(name) for name in data.columns], len(data)
    calls["evaluation"] = flow.get_component("evaluation_0").get_summary()


def predict(other, flow, reader):
    from pipeline.interface import Data

    other.add_component(reader)
    other.add_component(flow, data=Data(predict_input={flow.data_transform_0.input.data: reader.output.data}))
    other.predict()
    facts["predict"] = other.get_predict_job_id()
    data = other.get_component("homo_lr_0").get_output_data(limits=7)
    facts["predicted"] = [str(name) for name in data.columns]


try:
    keys = ["--app-key", job["keys"][0], "--secret-key", job["keys"][1]] if job["keys"] else []
    words = ["init", "--ip", "127.0.0.1", "--port", str(job["port"]), "--log-directory", os.path.join(folder, "logs")]
    command = [sys.executable, "-m", "pipeline.pipeline_cli"]  # each reads the settings once, when it starts
    facts["init"] = subprocess.run([*command, *words, *keys], capture_output=True, text=True, check=False).stdout
    facts["check"] = subprocess.run([*command, "config", "check"], capture_output=True, text=True, check=False).stdout
    use()
except BaseException:  # noqa: BLE001  whatever a client raises is what its user sees
    facts["broken"] = traceback.format_exc()[-4000:]

report = {"calls": calls, "facts": facts, "uncalled": [], "functions": 0}
with open(os.path.join(folder, "report.tmp"), "w") as file:
    json.dump(report, file, default=repr)
os.rename(os.path.join(folder, "report.tmp"), os.path.join(folder, "report.json"))
