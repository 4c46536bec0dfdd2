"""Every method of a FLARE session, called by the client's own Python.

`all_calls.py KIT USER FOLDER LONG_JOB TRAINING_JOB GATES LABEL OUT` writes one JSON object to OUT: method -> what each
call of it returned, or which exception with which words it raised. What disturbs the system waits in GATES for its turn.
"""

import json
import os
import sys
import time
from pathlib import Path

from nvflare.fuel.flare_api.flare_api import Session, basic_cb_with_print, new_insecure_session, new_secure_session

LOGIN_S = 120.0
COMMAND_S = 60.0
END_S = 300.0
"""So long the machine may take over what a test does not time."""
kit, user, folder, running, trained, gates, label, out = sys.argv[1:]
is_last = label == "drop-in"
one_site = str(Path(folder).parent / "one-site")
answers = {}
is_new = hasattr(Session, "wait_for_job")


def note(label, function, *words, **given):
    try:
        found = {"value": function(*words, **given)}
    except Exception as wrong:  # noqa: BLE001  whatever it is, the test looks at it
        found = {"raised": type(wrong).__name__, "says": str(wrong)}
    answers.setdefault(label, []).append(found)
    return found.get("value")


def call(name, *words, show=None, **given):
    """Call a method if this version has it; `show` turns what it returns into JSON."""
    method = getattr(session, name, None)
    if method is None:
        return None
    return note(name, lambda: (show or (lambda value: value))(method(*words, **given)))


def wait_for_gate(name):
    """What stands at the gate, once it is open."""
    while not (Path(gates) / name).exists():
        time.sleep(0.05)
    return (Path(gates) / name).read_text()


def work_inside(study):
    """In the study: the job that is submitted, and every job that is listed, with their studies."""
    inside = new_secure_session(user, kit, timeout=LOGIN_S, study=study)
    inside.set_timeout(COMMAND_S)
    try:
        made = inside.submit_job(one_site)
        rows = [[row["job_id"] == made, row["study"]] for row in inside.list_jobs()]
        seen = [inside.get_job_meta(made)["study"], rows]
        inside.monitor_job(made, END_S, 0.2)
        inside.delete_job(made)
    finally:
        inside.close()
    return seen


def list_connected():
    return sorted(each.name for each in session.get_connected_client_list())


def list_files(place):
    return sorted(str(path.relative_to(place)) for path in Path(place).rglob("*") if path.is_file())


def describe(system):
    return [
        system.server_info.status,
        sorted(each.name for each in system.client_info),
        [job.job_id for job in system.job_info],
    ]


opened = []
note("new_secure_session", lambda: opened.append(new_secure_session(user, kit, timeout=LOGIN_S)))
session = opened[0]
if is_new:
    note("new_insecure_session", lambda: new_insecure_session(kit, timeout=LOGIN_S).close())
call("get_available_apps_to_upload")
call("set_timeout", 20.0)
call("unset_timeout")
call("set_timeout", -1.0)
session.set_timeout(COMMAND_S)

job = call("submit_job", folder)
call("submit_job", f"{folder}/nothing")
call("submit_job", str(Path(folder).parent / "bad"))
if is_new:
    token = f"token-{label}"
    call("submit_job", folder, token)
    call("submit_job", folder, token)
    call("submit_job", str(Path(folder).parent / "large"), token)
call("get_job_meta", job)
call("get_job_meta", "nope")
call("get_job_status", job)
seen = []
call(
    "monitor_job",
    job,
    END_S,
    0.2,
    lambda _s, _j, meta: seen.append(meta["status"]) or True,
    show=lambda code: code.name,
)
call("monitor_job", running, 0.3, 0.1, show=lambda code: code.name)
call("monitor_job", running, 0.0, 0.1, lambda *_words: False, show=lambda code: code.name)
call("monitor_job", job, END_S, 0.1, basic_cb_with_print, cb_run_counter={"count": 0}, show=lambda code: code.name)
call("monitor_job_and_return_job_meta", job, END_S, 0.1, show=lambda found: [found[0].name, found[1]["status"]])
call("wait_for_job", job, END_S, 0.1, show=lambda meta: meta["status"])
call("wait_for_job", running, 0.3, 0.1)
call("list_jobs")
call("list_jobs", detailed=True, limit=1, reverse=True)
call("list_jobs", limit="x")
call("list_jobs", id_prefix=running)
call("download_job_result", job, show=list_files)
call("list_job_components", job)
call("download_job_components", job, show=lambda place: place and list_files(place))
copy = call("clone_job", job)
call("abort_job", copy)
note("ended", lambda: session.monitor_job(copy, END_S, 0.1).name)
call("abort_job", job)
call("delete_job", running)
call("delete_job", copy)
call("delete_job", copy)
call("download_job_result", "nope")

call("get_system_info", show=describe)
call("get_connected_client_list", show=lambda found: sorted(each.name for each in found))
call("get_client_job_status")
call("get_client_job_status", ["nope"])
call("get_client_env")
call("get_client_env", "nope")
call("check_status", "all", show=sorted)
call("report_resources", "all")
call("report_version", "all")

call("ls_target", "site-1")
call("ls_target", "site-1", "-l", running)
call("ls_target", "nosuch")
call("ls_target", "site-1", None, "/etc")
call("get_working_directory", "site-1")
call("get_working_directory", "all")
call("cat_target", "site-1", "-n", f"{running}/log.txt")
call("cat_target", "site-1", "-c", "log.txt")
call("cat_target", "site-1", "-2", "log.txt")
call("cat_target", "site-1", None, "nofile.txt")
call("cat_target", "site-1", None, "startup/client.key")
call("head_target", "server", "-n 1", f"{running}/log.txt")
call("tail_target", "server", "-n 1", f"{running}/log.txt")
call("head_target_log", "site-1")
call("tail_target_log", "site-1", "-c 5")
call("grep_target", "site-1", "-n", "round 2", f"{running}/log.txt")
call("grep_target", "site-1", None, "no such words", f"{running}/log.txt")
call("get_job_logs", running, "site-1")

wait_for_gate("training")
call("show_stats", trained, "all")
call("show_stats", trained, "client", ["site-1"])
call("show_stats", job, "all")
call("show_stats", "nope", "all")
call("show_errors", trained, "all")
call("reset_errors", trained)
call("do_app_command", trained, "tune", {"rate": 21})
call("do_app_command", trained, "no_such_topic", {"a": 1})
call("do_app_command", job, "topic", {"a": 1})
call("configure_job_log", trained, "INFO")
call("configure_site_log", "INFO")

call("list_sp")
call("get_active_sp")
call("promote_sp", "a.example:8002:8003")
call("promote_sp", "nowhere")
study = f"heart-{label.replace('.', '-')}"
call("register_study", study, ["site-1"])
call("register_study", study, site_orgs=["hq:site-1"])
call("add_study_site", study, site_orgs=["hq:site-2"])
call("remove_study_site", study, site_orgs=["hq:site-2"])
call("add_study_user", study, "clinic:member@clinic.org")
call("show_study", study)
call("list_studies")
if is_new:
    note("inside_study", work_inside, study)
call("remove_study_user", study, "member@clinic.org")
call("remove_study", study)
call("show_study", study)
call("do_command", "list_jobs", show=lambda reply: str(reply["status"]))

call("shutdown_system")
call("shutdown", "server", **({"wait": False} if is_new else {}))
call("abort_job", running)
call("monitor_job", running, END_S, 0.1, show=lambda code: [code.name, session.get_job_meta(running)["status"]])

(Path(gates) / f"waits-{label}").touch()
site = wait_for_gate(f"turn-{label}")
for _ in range(5):  # no other client calls now
    note("alone", lambda: session.get_job_meta(running)["job_id"])
    note("alone", list_connected)
call("disable_client", site)
call("enable_client", site)
call("remove_client", site)
time.sleep(1)  # the site connects again
while site not in list_connected():
    time.sleep(0.2)
call("restart", "nowhere")
call("restart", "client", ["nosuch"], **({"wait": False} if is_new else {}))
call("restart", "client", [site], **({"timeout": END_S} if is_last else {"wait": False} if is_new else {}))
if is_last:
    call("shutdown", "client", [site], timeout=END_S)
    note("get_connected_client_list", list_connected)
    session.abort_job(trained)
    session.monitor_job(trained, END_S, 0.1)
    call("shutdown_system")
    note("get_connected_client_list", list_connected)
call("close")
call("close")
call("list_jobs")
if is_new:
    note("study", lambda: new_secure_session(user, kit, timeout=LOGIN_S, study="nowhere"))
Path(out).write_text(json.dumps({"site": site, "calls": answers}, default=str))
if not is_last:
    os._exit(0)  # a session of nvflare's that an exception has left open would keep the process alive for ever
