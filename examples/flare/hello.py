"""Trains with FLARE's own client: `python hello.py KIT USER JOB`; nothing in it knows of fedrota."""

import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy
from nvflare.fuel.flare_api.api_spec import JobNotRunning, NoReply
from nvflare.fuel.flare_api.flare_api import Session, new_secure_session


def say(call: str, function: Callable[[], Any]) -> Any:
    """Show a call, do it, and show what it returned and how long that took."""
    print(f">>> {call}", flush=True)
    began = time.perf_counter()
    found = function()
    print(f"{found}  # {time.perf_counter() - began:.1f} s", flush=True)
    return found


def main() -> None:
    kit, user, given = sys.argv[1:]
    folder = str(Path(given).absolute())  # a relative one would be looked for in the kit's folder `transfer`
    print(f"nvflare {version('nvflare')}")
    session = new_secure_session(user, kit, timeout=60)
    session.set_timeout(60)  # for each command: a busy machine may need more than the 5 s of FLARE's default
    try:
        run(session, folder)
    finally:
        session.close()


def run(session: Session, folder: str) -> None:
    """From the job's folder to its trained model."""
    job = say(f'session.submit_job("{folder}")', lambda: session.submit_job(folder))
    say("session.monitor_job(job, cb=show)", lambda: session.monitor_job(job, timeout=300, poll_interval=0.5, cb=show))
    meta = session.get_job_meta(job)
    print(f"{meta['status']} in {meta['duration']}", flush=True)
    place = Path(say("session.download_job_result(job)", lambda: session.download_job_result(job)))
    for path in sorted(place.rglob("*")):
        if path.is_file():
            print(f"    {path.relative_to(place)}  {path.stat().st_size} bytes")
    say('numpy.load("workspace/models/server.npy").tolist()',
        lambda: numpy.load(place / "workspace/models/server.npy").tolist())  # fmt: skip


seen: list[str] = []


def show(session: Session, job: str, meta: dict[str, Any]) -> bool:
    """Called at each look: show the status where it is a new one, and the round that the server is in."""
    found = [meta["status"]]
    if meta["status"] == "RUNNING":
        found += [f"RUNNING, round {number}" for number in find_rounds(session, job)]
    for line in found:
        if line not in seen:
            seen.append(line)
            print(f"    {line}", flush=True)
    return True


def find_rounds(session: Session, job: str) -> list[int]:
    """The round as the server's statistics tell it; none while it has not begun, or has ended meanwhile."""
    try:
        parts = session.show_stats(job, "server").get("server", {})
    except (JobNotRunning, NoReply):
        return []
    return [part["current_round"] for part in parts.values() if "current_round" in part]


if __name__ == "__main__":
    main()
