"""Run by an unmodified nvflare client: every call once, its answer or exception as JSON.

python bridge_calls.py KIT USER JOB
"""

import json
import sys
import time
from pathlib import Path

from nvflare.fuel.flare_api.flare_api import new_secure_session

answers = {}


def call(label, function, *words, **given):
    began = time.perf_counter()
    try:
        found = function(*words, **given)
    except Exception as wrong:  # noqa: BLE001  whatever it is, the test looks at it
        found = {"raised": type(wrong).__name__, "says": str(wrong)}
    answers[label] = {"ms": round(1000 * (time.perf_counter() - began), 1), "value": found}
    return found


def wait_until_done(session, job):
    code = session.monitor_job(job, timeout=30.0, poll_interval=0.1)
    return code.name, session.get_job_meta(job)["status"]


def list_files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


kit, user, folder = sys.argv[1:4]
session = call("login", new_secure_session, user, kit, timeout=5.0)
if isinstance(session, dict):
    print(json.dumps(answers))
    sys.exit(0)
job = call("submit", session.submit_job, folder)
if isinstance(job, dict):
    job = "2026112116145514854718548"
call("meta", session.get_job_meta, job)
call("monitor", wait_until_done, session, job)
call("list", session.list_jobs)
call("list_detailed", session.list_jobs, detailed=True, limit=1)
call("stats", session.show_stats, job, "all")
call("abort_ended", session.abort_job, job)
call("download", lambda: list_files(session.download_job_result(job)))
copy = call("clone", session.clone_job, job)
call("abort", session.abort_job, copy)
call("monitor_copy", wait_until_done, session, copy)
call("delete", session.delete_job, copy)
call("meta_deleted", session.get_job_meta, copy)
token = f"token-{time.time()}"
first = call("keyed", session.submit_job, folder, token)
call("keyed_again", session.submit_job, folder, token)
call("keyed_other", session.submit_job, str(Path(folder).parent / "large"), token)
call("bad_job", session.submit_job, str(Path(folder).parent / "bad"))
call("system_info", lambda: [each.name for each in session.get_system_info().client_info])
call("clients", lambda: [each.name for each in session.get_connected_client_list()])
call("client_status", session.get_client_job_status)
call("client_env", session.get_client_env)
call("version", session.report_version, "all")
call("resources", session.report_resources, "all")
call("unknown_client", session.get_client_job_status, ["nobody"])
call("close", session.close)
call("closed", session.list_jobs)
call("study", new_secure_session, user, kit, study="heart")
answers["login"]["value"] = "session"
print(json.dumps(answers, default=str))
