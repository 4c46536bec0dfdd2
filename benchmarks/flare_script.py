"""`python flare_script.py MODULE USER KIT JOB`: what a script of FLARE's API waits for, as JSON; the same for both systems.

MODULE is `nvflare.fuel.flare_api.flare_api` or `fedrota.flare`; it runs under either's own interpreter.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from statistics import median
from typing import Any

READS = 20
POLL_S = 0.05


def took_s(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call took, and what it gave."""
    began = time.monotonic()
    found = call()
    return time.monotonic() - began, found


def main() -> None:
    """Log in, read, run one job."""
    module, user, kit, folder = sys.argv[1:]
    api = import_module(module)
    login_s, session = took_s(lambda: api.new_secure_session(user, kit))
    began = time.monotonic()
    job = session.submit_job(folder)
    running_s = None
    while not (status := session.get_job_meta(job)["status"]).startswith("FINISHED"):
        if running_s is None and status == "RUNNING":
            running_s = time.monotonic() - began
        time.sleep(POLL_S)
    finished_s = time.monotonic() - began
    list_s = median(took_s(session.list_jobs)[0] for _ in range(READS))
    meta_s = median(took_s(lambda: session.get_job_meta(job))[0] for _ in range(READS))
    session.close()
    found = {"status": status, "login": login_s, "running": running_s or finished_s, "finished": finished_s}
    print(json.dumps({**found, "list": list_s, "meta": meta_s}))


if __name__ == "__main__":
    main()
