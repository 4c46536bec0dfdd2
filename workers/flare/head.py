"""The head of a member's processes: forked from the zygote, it forks all the others and ends with the member."""

import os
import signal
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final, NoReturn

from workers.flare.forks import Forks, take_request
from workers.flare.programs import PROGRAMS, run_program
from workers.flare.title import set_title
from workers.processes.brood import Brood, Step
from workers.processes.link import BlockingLink, LinkClosedError

MEMBERS: Final = frozenset({"workers.flare.serve", "workers.flare.join"})


class Head:
    """Waits for its order, forks the member, then whatever the member's processes ask for."""

    def __init__(self, link: socket.socket, *, lack: str, path: Sequence[str]) -> None:
        self._link = BlockingLink(link)
        self._lack = lack
        self._path = list(path)
        self._news: dict[int, int] = {}

    def run(self) -> Step | None:
        """Serve until the member ends, then end as it did; in a forked process what that goes on with."""
        order = self._take_order()
        if order is None:
            return None
        module = order["argv"][0]
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["workdir"])
        set_title(f"fedrota {module}")
        self._link.sock.close()
        self._brood = Brood()
        signal.signal(signal.SIGTERM, self._leave)
        self._way, self._their_way = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._member = self._brood.fork()
        if not self._member:
            self._way.close()
            return partial(run_member, module, Forks(self._their_way))
        return self._brood.serve(self._way, on_request=self._take_request, on_end=self._tell_ends)

    def _take_order(self) -> Mapping[str, Any] | None:
        """The member to run; None where there is none to run, which has been said then."""
        try:
            order, _ = self._link.recv()
            lack = self._lack
            if not lack and order["argv"][0] not in MEMBERS:
                lack = f"FLARE's interpreter runs no {order['argv'][0]!r}"
            if lack:
                self._link.send({"t": "end", "outcome": "failed", "kind": "invalid", "message": lack, "kept": False})
        except LinkClosedError:
            return None
        return None if lack else order

    def _take_request(self) -> Step | None:
        """Fork what was asked for; in the new process what it goes on with."""
        found = take_request(self._way)
        if found is None:
            return None
        request, news = found
        if request["module"] not in PROGRAMS:
            os.close(news)
            return None
        pid = self._brood.fork()
        if not pid:
            self._way.close()
            for each in (*self._news.values(), news):
                os.close(each)
            return partial(run_program, request, self._path, Forks(self._their_way))
        self._news[pid] = news
        tell(news, pid)
        return None

    def _tell_ends(self) -> None:
        """Tell whoever asked for the processes that have ended; end with the member."""
        ended = dict(self._brood.reap())
        for pid in ended.keys() & self._news.keys():
            news = self._news.pop(pid)
            tell(news, ended[pid])
            os.close(news)
        if self._member in ended:
            self._brood.end()
            end_as(ended[self._member])

    def _leave(self, number: int, _frame: object) -> NoReturn:
        self._brood.end()
        os._exit(128 + number)


def tell(news: int, number: int) -> None:
    """One line to whoever asked, who may be gone."""
    try:
        os.write(news, b"%d\n" % number)
    except BrokenPipeError:
        return  # it has ended itself meanwhile


def end_as(code: int) -> NoReturn:
    """End with an exit status, or by the signal that it stands for."""
    if code < 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def run_member(module: str, forks: Forks) -> None:
    """Run the member itself; it may have threads of its own."""
    set_title(f"fedrota {module} main")
    import_module(module).main(forks)
