"""Waiting for a job: the answer comes when its status changes, not when somebody looks again."""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Final

from api.changes import wait_for_change
from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.responses import make_dict
from api.dialects.flare.routes.jobs import check_job, load_meta
from api.keys import DRAIN, FEED
from scheduler.domain.access import Action

LONGEST_S: Final = 60.0
LOOK_S: Final = 5.0
"""A change that another gateway could not tell of is seen after so long."""
GATHER_S: Final = 0.025
"""What changes within a blink is looked at once: a job that streams metrics changes all the time."""


async def wait_job(call: Call) -> Reply:
    """A job's meta once its status differs from the one that the caller knows, or after the given seconds."""
    if len(call.words) != 3:
        raise FlareError(MetaStatus.SYNTAX_ERROR, "usage: wait_job job_id known_status seconds")
    job, known, seconds = call.words
    await check_job(call, job, Action.READ_JOB)
    give_up = time.monotonic() + _parse_seconds(seconds)
    with call.app[FEED].watch(job) as changed:
        while True:
            meta = await load_meta(call, job)
            left_s = give_up - time.monotonic()
            if meta["status"] != known or left_s <= 0 or call.app[DRAIN].has_begun:
                return make_dict(meta, job_meta=meta)
            if await wait_for_change(changed, min(LOOK_S, left_s)):
                await asyncio.sleep(GATHER_S)
                changed.clear()


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"wait_job: {text[:40]!r} is no number of seconds")
    return min(seconds, LONGEST_S)


COMMANDS: Final[Sequence[Command]] = (
    Command(
        name="wait_job", scope="job", serve=wait_job, usage="wait_job job_id known_status seconds", is_visible=False
    ),
)
