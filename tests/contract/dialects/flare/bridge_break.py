"""Run by an unmodified nvflare client: a large upload, from which it goes away in the middle unless told to stay.

python bridge_break.py KIT USER JOB [whole]
"""

import json
import os
import sys
from pathlib import Path

from nvflare.app_common.streamers import file_streamer
from nvflare.fuel.flare_api.flare_api import new_secure_session

produce = file_streamer._ChunkProducer.produce
chunks = []


def produce_some(*words):
    chunks.append(1)
    if len(chunks) > 3:
        print("gone", flush=True)
        os._exit(0)
    return produce(*words)


kit, user, folder, *whole = sys.argv[1:]
if not whole:
    file_streamer._ChunkProducer.produce = produce_some
session = new_secure_session(user, kit, timeout=120.0)
session.set_timeout(60.0)
try:
    job = session.submit_job(folder)
    session.monitor_job(job, timeout=300.0, poll_interval=0.1)
    place = Path(session.download_job_result(job))
    files = {str(path.relative_to(place)): path.stat().st_size for path in place.rglob("*") if path.is_file()}
    print(json.dumps({"job": job, "files": files}))
finally:
    session.close()  # else threads of nvflare's keep the process alive for ever
