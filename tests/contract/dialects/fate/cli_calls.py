"""Every command of the published `flow` against a server, run by the client's own Python: `cli_calls.py JOB.json`.

Commands are given as a user types them; they share one process, which spares a second for each.
"""

import json
import os
import sys
import time
import zipfile
from pathlib import Path

job = json.loads(Path(sys.argv[1]).read_text())
folder = job["folder"]
version = tuple(int(part) for part in job["version"].split(".")[:3])
NEW = version > (1, 7)
mine = job["label"].lower().replace(" ", "_").replace(".", "_")
sys.path.insert(0, os.path.dirname(__file__))
if version < (1, 6):
    # It replaces 127.0.0.1 by an address of the machine, where a gateway on loopback is not; a proxy leads it back.
    os.environ["http_proxy"] = f"http://127.0.0.1:{job['port']}"

# Only now: a client reads the proxy when it is imported, and our own modules are found through the path.
from documents import predict_conf, toy, train, train_long, train_v1, upload  # noqa: E402
from flow_client.flow import flow_cli  # noqa: E402
from typed import Typed  # noqa: E402

typed, facts = Typed(flow_cli, folder), {}
calls, called, call, doc = typed.calls, typed.called, typed.call, typed.doc


def wait(job_id, seconds=300):
    seen = facts.setdefault("statuses", [])
    ends = time.time() + seconds
    while time.time() < ends:
        rows = call("job query", "-j", job_id, note="polled").get("data") or []
        status = rows[0]["f_status"] if rows else "none"
        if status not in seen:
            seen.append(status)
        if status in ("success", "failed", "canceled", "timeout", "none"):
            return status
        time.sleep(0.2)
    return "late"


def ended(answer):
    return wait(answer["jobId"]) if answer.get("jobId") else None


def until(path, seconds):
    ends = time.time() + seconds
    while not os.path.exists(path) and time.time() < ends:
        time.sleep(0.05)


def files_below(path):
    return sorted(os.path.relpath(os.path.join(root, name), path) for root, _, names in os.walk(path) for name in names)


def written(name):
    """What a command with -o wrote into a folder, as JSON."""
    path = os.path.join(folder, name)
    found = files_below(path)
    return json.loads(Path(path, found[0]).read_text()) if found else None


keys = ["--app-key", job["keys"][0], "--secret-key", job["keys"][1]] if job["keys"] else []
call("init", "--ip", "127.0.0.1", "--port", job["port"], *keys)

# --- data and tables ---
for party in ("9999", "10000"):
    facts["upload " + party] = ended(call("data upload", "-c", doc(upload(job, mine, party)), note="upload " + party))
call("data upload", "-c", doc(upload(job, mine, "9999")), note="upload again")
answer = call("data upload", "-c", doc(upload(job, mine, "9999")), "--drop")
ended(answer)
call("data upload-history", "-l", 5)
call("data upload-history", "-j", answer.get("jobId"), note="one upload")
call("table info", "-n", "exp", "-t", mine + "_9999")
call("table info", "-n", "exp", "-t", "none", note="no table")

# --- a training ---
conf, dsl = (train_v1 if version < (1, 6) else train)(job, mine)
conf_file, dsl_file = doc(conf), doc(dsl)
answer = call("job submit", "-c", conf_file, "-d", dsl_file)
train_id = answer.get("jobId")
model = (answer.get("data") or {}).get("model_info") or {}
facts["train"] = ended(answer)
call("job query", "-j", train_id, "-r", "host", "-p", "10000", "-s", "success" if version > (1, 6) else "failed")
call("job list", "-l", 3)
call("job view", "-j", train_id)
answer = call("job config", "-j", train_id, "-r", "guest", "-p", "9999", "-o", folder)
facts["config files"] = files_below(answer.get("directory", "/nowhere"))
answer = call("job log", "-j", train_id, "-o", folder)
facts["log files"] = files_below(answer.get("directory", "/nowhere"))
dsl_file = doc(train(job, mine)[1])
parser = ["-v", "2"] if version < (1, 6) else []
chosen = "reader_0,data_transform_0,scale_0,homo_lr_0"
call("job dsl", "--cpn-list", chosen, "--train-dsl-path", dsl_file, *parser)
call(
    "job dsl",
    "--cpn-list",
    chosen,
    "--train-dsl-path",
    dsl_file,
    "-o",
    os.path.join(folder, "dsl"),
    *parser,
    note="dsl file",
)
facts["dsl file"] = written("dsl")
call("task list", "-l", 3)
call("task query", "-j", train_id, "-r", "guest", "-p", "9999")
where = ("-j", train_id, "-r", "guest", "-p", "9999", "-cpn", "homo_lr_0")
call("component list", "-j", train_id)
for group in ("component", "tracking") if NEW else ("component",):
    for name in ("metrics", "metric-all", "parameters", "output-model", "output-data-table", "get-summary"):
        call(f"{group} {name}", *where)
    place = os.path.join(folder, group + "_summary")
    os.makedirs(place)
    call(group + " get-summary", *where, "-o", place, note=group + " summary file")
    facts[group + " summary file"] = written(group + "_summary")
    answer = call(group + " output-data", *where, "-o", os.path.join(folder, group), "-l", 7)
    directory = answer.get("directory", "/nowhere")
    facts[group + " data files"] = files_below(directory)
out = os.path.join(folder, "downloaded.csv")
wish = {
    "namespace": "exp",
    "table_name": mine + "_9999",
    "output_path": out,
    "party_id": 9999,
    "delimitor": ",",
    "work_mode": 0,
}
facts["download"] = ended(call("data download", "-c", doc(wish)))
facts["downloaded"] = len(Path(out).read_text().splitlines()) if os.path.exists(out) else None

# --- the model ---
parties = {"guest": ["9999"], "host": ["10000"], "arbiter": ["10000"]}
names = {"model_id": model.get("model_id"), "model_version": model.get("model_version")}
deployed = names
if version >= (1, 6):
    which = ("--model-id", names["model_id"], "--model-version", names["model_version"])
    found = call("model deploy", *which, "--cpn-list", chosen).get("data") or {}
    deployed = {"model_id": found.get("model_id"), "model_version": found.get("model_version")}
    which = ("--model-id", deployed["model_id"], "--model-version", deployed["model_version"])
    for name in ("predict-dsl", "predict-conf"):
        call("model get-" + name, *which, "-o", os.path.join(folder, name))
        facts[name] = written(name)
    call("model get-model-info", *which)
    call("model get-model-info", *which, "--detail", note="model detail")
    if facts["predict-conf"]:
        facts["predict"] = ended(
            call("job submit", "-c", doc(predict_conf(facts["predict-conf"], mine)), note="predict")
        )
publish = {
    "initiator": {"party_id": "9999", "role": "guest"},
    "role": parties,
    "job_parameters": {"work_mode": 0, **deployed},
}
call("model load", "-c", doc({**publish, "servings": ["127.0.0.1:8000"]}))
call("model load", "-j", deployed["model_version"], note="load by job")
call("model bind", "-c", doc({**publish, "service_id": mine, "servings": ["127.0.0.1:8000"]}))
one = {"role": "guest", "party_id": 9999, **deployed}
answer = call("model export", "-c", doc({**one, "output_path": folder}))
archive = answer.get("file", "/nowhere")
facts["archive"] = (
    zipfile.ZipFile(archive).namelist() if os.path.exists(archive) and zipfile.is_zipfile(archive) else None
)
call("model import", "-c", doc({**one, "file": archive, "force_update": 1}))
facts["store"] = ended(call("model export", "-c", doc(one), "--to-database", note="store"))
facts["restore"] = ended(call("model import", "-c", doc(one), "--from-database", note="restore"))
migrate = {
    "job_parameters": {"federated_mode": "SINGLE"},
    "role": parties,
    "migrate_initiator": {"role": "guest", "party_id": 10000},
    "migrate_role": {"guest": [10000], "host": [9999], "arbiter": [9999]},
    "execute_party": {"guest": [9999], "host": [10000], "arbiter": [10000]},
    "unify_model_version": mine.replace("_", "") + "m",
    **deployed,
}
call("model migrate", "-c", doc(migrate))
call("model tag-model", "-j", deployed["model_version"], "-t", mine + "_tag")
call("model tag-list", "-j", deployed["model_version"])
call("model tag-model", "-j", deployed["model_version"], "-t", mine + "_tag", "--remove", note="untag")
call("tag create", "-t", mine, "-d", "made by the " + job["label"])
call("tag query", "-t", mine, "--with-model")
call("tag update", "-t", mine, "--new-tag-name", mine + "2", "--new-tag-desc", "changed")
call("tag list", "-l", 100)
call("tag delete", "-t", mine + "2")

# --- what only some versions have ---
if version >= (1, 6):
    bound = {
        "engine": "LOCALFS", "address": {"path": job["tables"]["9999"]}, "namespace": "exp", "name": mine + "_bound",
        "party_id": 9999, "head": 1, "id_delimiter": ",", "drop": 1,
    }  # fmt: skip
    call("table bind", "-c", doc(bound))
    call("table add", "-c", doc(dict(bound, name=mine + "_added")))
if NEW:
    place = ("-n", "exp", "-t", mine + "_9999")
    call("table tracking-source", *place)
    call("table tracking-job", *place)
    call("table disable", *place)
    call("table info", *place, note="disabled table")
    call("table enable", *place)
    call("table disable", "-n", "exp", "-t", mine + "_added", note="disable to delete")
    call("table disable-delete")
    connector = {"connector_name": mine, "engine": "LOCALFS", "connector_info": {"path": folder}}
    call("table connector-create", "-c", doc(connector))
    call("table connector-query", "--connector-name", mine)
    copied = {
        "namespace": "exp",
        "table_name": mine + "_9999",
        "output_namespace": "exp",
        "output_name": mine + "_copy",
        "party_id": 9999,
    }
    facts["writer"] = ended(call("data writer", "-c", doc(copied)))
    call(
        "job parameter-update",
        "-j",
        train_id,
        "-c",
        doc({"job_parameters": {}, "component_parameters": {"common": {"homo_lr_0": {"max_iter": 2}}}}),
    )
    call("job rerun", "-j", train_id, "-cpn", "homo_lr_0", "--force")
    facts["rerun"] = wait(train_id)
    call("task query", "-j", train_id, "-r", "guest", "-p", "9999", "-cpn", "homo_lr_0", note="rerun task")
    call("component parameters", *where, note="rerun parameters")
    for name in ("list", "get"):
        more = ("--step-index", "0") if name == "get" else ()
        call("checkpoint " + name, "-r", "guest", "-p", "9999", *which, "-cpn", "homo_lr_0", *more)
    call("provider list")
    call("provider list", "-n", "fedrota", note="one provider")
    call("provider list-components")
    call("provider register", "-c", doc({"name": "p", "version": "1", "path": folder}))
    call("resource query")
    call("resource return", "-j", train_id)
    call("server versions")
    call("server reload")
    call("service registry")
    call("key save", "-c", doc({"party_id": 10000, "key": "k"}))
    call("key query", "-p", "10000")
    call("key delete", "-p", "10000")
    wish = {"party_id": 10000, "component": "reader", "dataset": {"namespace": "exp", "name": mine}}
    call("privilege grant", "-c", doc(wish))
    call("privilege query", "-p", "10000")
    call("privilege delete", "-c", doc(wish))
    call("privilege query", "-p", "10000", note="privileges after")
    call("template download", "--min-data", "1", "-o", os.path.join(folder, "template"))
    facts["template"] = files_below(os.path.join(folder, "template"))
    call("model homo-convert", "-c", doc({**one, "framework_name": "sklearn"}))
    call("model homo-deploy", "-c", doc({**one, "deployment_type": "kfserving"}))
    merge = (
        "-gid",
        "9999",
        "-hids",
        "10000",
        "-cpn",
        "homo_lr_0",
        "--model-type",
        "glm",
        "--output-format",
        "pmml",
        "-o",
        folder,
    )
    call("component hetero-model-merge", *which, *merge)
    call("component woe-array-extract", *which, "-r", "guest", "-p", "9999", "-cpn", "homo_lr_0", "-o", folder)
    call("component woe-array-merge", *which, "-r", "guest", "-p", "9999", "-cpn", "homo_lr_0", "-i", doc({}))
    call("test toy", "-gid", "9999", "-hid", "10000", "--task-cores", "1")

# --- stopping, cleaning ---
conf, dsl = train_long(job, mine)
answer = call("job submit", "-c", doc(conf), "-d", doc(dsl), note="long job")
call("job stop", "-j", answer.get("jobId"))
facts["stopped"] = ended(answer)
call("table delete", "-n", "exp", "-t", mine + "_9999")
call("table info", "-n", "exp", "-t", mine + "_9999", note="deleted table")
call("component metric-delete", "-j", train_id)
call("component metrics", *where, note="deleted metrics")

# --- what would disturb the other clients, so each waits for its turn ---
Path(folder, "ready").touch()
until(os.path.join(folder, "go"), 600)
conf, dsl = toy(job)
queued = call("job submit", "-c", doc(conf), "-d", doc(dsl), note="in the queue").get("jobId")
facts["in the queue"] = (call("job query", "-j", queued, note="polled").get("data") or [{}])[0].get("f_status")
call("queue clean")
facts["cleaned"] = (call("job query", "-j", queued, note="polled").get("data") or [{}])[0].get("f_status")
call("component metric-delete", "-d", train_id[:8] if train_id else "20200101", note="metrics of a day")


def list_commands(group, path=""):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from list_commands(command, path + name + " ")
        else:
            yield path + name


known = set(list_commands(flow_cli))
report = {"calls": calls, "facts": facts, "uncalled": sorted(known - called), "functions": len(known)}
with open(os.path.join(folder, "report.tmp"), "w") as file:
    json.dump(report, file, default=repr)
os.rename(os.path.join(folder, "report.tmp"), os.path.join(folder, "report.json"))
