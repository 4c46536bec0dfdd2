"""Queues: what lies in the broker for each party, and what waits in the store."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.keys import PRINCIPAL
from api.monitor.pulse import ask_pulse
from api.monitor.state import QueueState, find_queues
from api.native.replies import Page, QueueReply
from api.routing import Endpoints
from scheduler.domain.access import Action

endpoint: Final = Endpoints("queues")


def render_queue(queue: QueueState) -> QueueReply:
    """A party's queue."""
    load = queue.state.load
    return {
        "party": queue.state.party.id,
        "queue": queue.queue,
        "knocks": queue.knocks,
        "consumers": int(queue.state.is_online),
        "waiting": load.waiting,
        "dispatched": load.dispatched,
        "running": load.running,
        "slots": queue.state.party.slots,
        "oldest_s": queue.oldest_s,
        "reason": queue.reason,
    }


@endpoint("GET", "/queues", reply=Page[QueueReply])
async def list_queues(request: web.Request) -> dict[str, Any]:
    """List the queue of every registered party, offline ones too."""
    require(request[PRINCIPAL], Action.MONITOR)
    pulse = await ask_pulse(request.app)
    return {"items": [render_queue(queue) for queue in await find_queues(request.app, pulse)], "next": None}
