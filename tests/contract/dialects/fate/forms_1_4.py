"""The request forms of FATE 1.4's script (`fate_flow_client.py -f VERB`), replayed as they were recorded.

The script is not published as a package. It sends each verb's name as `function`, party ids as texts, a job's own paths
inside its conf, an upload's settings as fields of the form, and two reads as GET with a JSON body.
"""

import io
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx

from tests.contract.dialects.fate import documents

MINE = "forms_1_4"


class Script:
    """Sends what the script sends, and keeps the answers by verb."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.calls: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{job['port']}/v1", timeout=100)

    def send(self, verb: str, path: str, members: dict[str, Any], *, note: str = "", method: str = "POST") -> Any:
        """A verb whose members are a JSON body, with GET too."""
        answer = self.http.request(method, path, json={**members, "function": verb})
        return self.keep(note or verb, answer)

    def keep(self, name: str, answer: httpx.Response) -> Any:
        is_json = answer.headers["Content-Type"].startswith("application/json")
        self.calls[name] = answer.json() if is_json else {"status": answer.status_code, "size": len(answer.content)}
        return self.calls[name] if is_json else answer.content

    def upload(self, party: str, *, drop: str | None = None, note: str = "upload") -> Any:
        """The settings are fields of the form, the file is its last part."""
        settings = documents.upload(self.job, MINE, party)
        fields = {**settings, "config": "upload.json", "function": "upload", **({} if drop is None else {"drop": drop})}
        path = Path(settings["file"])
        answer = self.http.post(
            "/data/upload",
            data={name: str(value) for name, value in fields.items() if name != "file"},
            files={"file": (path.name, path.read_bytes(), "application/octet-stream")},
        )
        return self.keep(note, answer)

    def wait(self, answer: Any, seconds: float = 100) -> str | None:
        """The end of the job that an answer names."""
        if "jobId" not in answer:
            return None
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            rows = self.http.post("/job/query", json={"job_id": answer["jobId"]}).json()["data"]
            if rows and rows[0]["f_status"] in {"success", "failed", "canceled", "timeout"}:
                return str(rows[0]["f_status"])
            time.sleep(0.1)
        return "late"


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Every verb, in the order of a day's work."""
    script = Script(job)
    with script.http:
        _load_data(script)
        train = _train(script)
        _look(script, train)
        _publish(script, train)
        _end(script, train)
    return {"calls": script.calls, "facts": script.facts, "uncalled": [], "functions": len(script.calls)}


def _load_data(script: Script) -> None:
    for party in ("9999", "10000"):
        script.facts[f"upload {party}"] = script.wait(script.upload(party))
    script.upload("9999", note="upload again")
    script.facts["appended"] = script.wait(script.upload("9999", drop="0", note="upload drop 0"))
    script.send("table_info", "/table/table_info", {"namespace": "exp", "table_name": f"{MINE}_9999"}, note="appended")
    script.facts["replaced"] = script.wait(script.upload("9999", drop="1", note="upload drop 1"))
    script.send("upload_history", "/data/upload/history", {"limit": 3})
    script.send("table_info", "/table/table_info", {"namespace": "exp", "table_name": f"{MINE}_9999"})
    wish = {"namespace": "exp", "table_name": f"{MINE}_9999", "work_mode": 0, "delimitor": ",", "party_id": 9999}
    path = Path(script.job["folder"]) / "downloaded.csv"
    answer = script.send("download", "/data/download", {**wish, "output_path": str(path), "config": "download.json"})
    script.facts["download"] = script.wait(answer)
    script.facts["downloaded"] = len(path.read_text().splitlines()) if path.exists() else None


def _train(script: Script) -> dict[str, Any]:
    conf, dsl = documents.train_v1(script.job, MINE)
    noise = {"config": "conf.json", "dsl": "dsl.json", "function": "submit_job"}
    answer: dict[str, Any] = script.http.post(
        "/job/submit", json={"job_runtime_conf": {**conf, **noise}, "job_dsl": dsl}
    ).json()
    script.calls["submit_job"] = answer
    script.facts["train"] = script.wait(answer)
    return answer


def _look(script: Script, train: dict[str, Any]) -> None:
    job = {"job_id": train.get("jobId", "")}
    rows = script.send("query_job", "/job/query", job)["data"]
    for row in rows:  # the script takes these two out of each row
        del row["f_runtime_conf"], row["f_dsl"]
    script.send("query_job", "/job/query", {**job, "role": "host", "party_id": "10000"}, note="query_job by party")
    place = {**job, "role": "guest", "party_id": "9999"}
    script.send("job_config", "/job/config", {**place, "output_path": "."})
    archive = script.send("job_log", "/job/log", {**job, "output_path": "."}, method="GET")
    script.facts["log files"] = _list_tar(archive)
    script.send("data_view_query", "/job/data/view/query", job)
    script.send("query_task", "/job/task/query", {**place, "component_name": "homo_lr_0"})
    script.http.post("/job/update", json={**place, "notes": "looked at"})
    where = {**place, "component_name": "homo_lr_0", "local": {"role": "guest", "party_id": "9999"}}
    for verb in ("parameters", "metric_all", "metrics", "output_model", "output_data_table"):
        script.send(f"component_{verb}", f"/tracking/component/{verb.replace('_', '/')}", where)
    archive = script.send(
        "component_output_data", "/tracking/component/output/data/download", {**where, "limit": 5}, method="GET"
    )
    script.facts["data files"] = _list_tar(archive)
    # Routes of the interface's description that no client has a function for.
    script.send("", "/tracking/job/data_view", place, note="job data view")
    script.send("", "/tracking/component/output/data", where, note="output data")
    name = {"metric_namespace": "train", "metric_name": "loss"}
    script.send("", "/tracking/component/metric_data", {**where, **name}, note="metric data")
    script.send("", "/pipeline/dag/dependency", place, note="dag dependency")


def _list_tar(archive: Any) -> list[str] | None:
    if not isinstance(archive, bytes):
        return None
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        return sorted(opened.getnames())


def _publish(script: Script, train: dict[str, Any]) -> None:
    found = (train.get("data") or {}).get("model_info") or {}
    model = {name: found.get(name, "") for name in ("model_id", "model_version")}
    parties = {"guest": ["9999"], "host": ["10000"], "arbiter": ["10000"]}
    publish = {
        "initiator": {"party_id": "9999", "role": "guest"},
        "role": parties,
        "job_parameters": {"work_mode": 0, **model},
        "config": "publish.json",
    }
    script.send("load", "/model/load", publish)
    script.send("bind", "/model/bind", {**publish, "service_id": MINE})
    one = {**model, "role": "guest", "party_id": "9999"}
    archive = script.send("export", "/model/export", {**one, "output_path": "."}, method="GET")
    if isinstance(archive, bytes):
        script.facts["archive"] = zipfile.ZipFile(io.BytesIO(archive)).namelist()
        fields = {**one, "force_update": "1", "function": "import", "file": "model.zip"}
        script.keep("import", script.http.post("/model/import", data=fields, files={"file": ("model.zip", archive)}))
    script.facts["store"] = script.wait(script.send("store", "/model/store", one))
    script.facts["restore"] = script.wait(script.send("restore", "/model/restore", one))
    script.send("", f"/model/transfer/{MINE}", {}, note="no transfer")
    script.send(
        "", "/model/transfer", {"name": model["model_version"], "namespace": _party_model(one)}, note="transfer"
    )


def _party_model(one: dict[str, str]) -> str:
    return f"{one['role']}#{one['party_id']}#{one['model_id']}"


def _end(script: Script, train: dict[str, Any]) -> None:
    conf, dsl = documents.toy(script.job, rows=1_000_000)
    answer = script.http.post("/job/submit", json={"job_runtime_conf": conf, "job_dsl": dsl}).json()
    script.send("stop_job", "/job/stop", {"job_id": answer.get("jobId", "")})
    script.facts["stopped"] = script.wait(answer)
    who = {"src_party_id": "10000", "src_role": "host"}
    wish = {"privilege_role": "all", "privilege_command": "create", "privilege_component": "dataio"}
    for verb in ("grant", "query", "delete"):
        members = who if verb == "query" else {**who, **wish}
        script.send(f"{verb}_privilege", f"/permission/{verb}/privilege", members)
    script.send("component_metric_delete", "/tracking/component/metric/delete", {"job_id": train.get("jobId", "")})
    script.send("clean_job", "/job/clean", {"job_id": train.get("jobId", "")})
    script.send("table_delete", "/table/delete", {"namespace": "exp", "table_name": f"{MINE}_9999"})
    _clean(script)


def _clean(script: Script) -> None:
    """What would disturb the other clients, so each waits for its turn."""
    folder = Path(script.job["folder"])
    (folder / "ready").touch()
    ends = time.monotonic() + 600
    while not (folder / "go").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    conf, dsl = documents.toy(script.job)
    answer = script.http.post("/job/submit", json={"job_runtime_conf": conf, "job_dsl": dsl}).json()
    wanted = {"job_id": answer.get("jobId", "")}
    for name in ("in the queue", "cleaned"):
        if name == "cleaned":
            script.send("clean_queue", "/job/clean/queue", {})
        rows = script.http.post("/job/query", json=wanted).json()["data"]
        script.facts[name] = rows[0]["f_status"] if rows else None
