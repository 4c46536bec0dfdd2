"""The zygote of components: all of them are loaded in it, and a process is forked from it per task; no path to our tree."""

import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from functools import cache, partial
from importlib import import_module
from typing import NoReturn

from fedrota.component import ComponentInfo
from workers.component_process.child import serve
from workers.component_process.registry import load_catalogue, preload, render_offer
from workers.processes.brood import go_on
from workers.processes.kernel import adopt_orphans
from workers.processes.zygote import Order, Zygote, freeze, redirect, set_limits, take_order


def main(argument: str) -> None:
    """Serve as a zygote until the control socket closes."""
    order = take_order(argument)
    import_module("numpy")  # shared by all tasks; nearly every component needs it
    catalogue = load_catalogue(order.modules)
    freeze()
    begin = partial(begin_task, order=order, components=catalogue.found)
    zygote = Zygote(order, begin, load=load_tables)
    offers = [render_offer(info) for info in catalogue.found.values()]
    zygote.say({"t": "ready", "offers": offers, "broken": catalogue.broken})
    go_on(zygote.run)


@cache  # once is enough
def load_tables() -> None:
    """Load the libraries for tables, for all tasks that come."""
    preload()
    freeze()


def begin_task(link: socket.socket, log: int, *, order: Order, components: Mapping[str, ComponentInfo]) -> NoReturn:
    """Run tasks; what they leave behind stays below this process, and nothing keeps it from ending."""
    try:
        adopt_orphans()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        redirect(log)
        set_limits(order)
        serve(link, components)
    finally:
        if sys.exc_info()[1] is not None:
            traceback.print_exc()
        os._exit(70)
