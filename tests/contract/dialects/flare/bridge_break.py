"""Run by an unmodified nvflare client, which goes away in the middle of its upload.

python bridge_break.py KIT USER JOB
"""

import os
import sys

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


file_streamer._ChunkProducer.produce = produce_some
kit, user, folder = sys.argv[1:4]
new_secure_session(user, kit).submit_job(folder)
