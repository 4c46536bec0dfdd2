"""A party's worker as one command: `python -m workers --party 9999`; settings also from FEDROTA_* and a TOML file."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, Final

from config.settings import SettingsError, WorkerSettings, load
from scheduler.queues.app import run_worker
from workers.executors.container import EngineError
from workers.journal import BusyError
from workers.processes.kernel import weigh_session
from workers.site import Site, SiteError
from workers.tasks import make_party_app, setup_logs
from workers.workdir import PathError, Workdir

STAY_DOWN: Final = 3
"""The exit status by which whoever started the worker knows that it was told to stay down."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the worker until SIGTERM or Ctrl-C; the process's exit status."""
    try:
        settings = load(WorkerSettings, **parse_arguments(argv))
        setup_logs(settings)
        weigh_session()
        run(settings)
    except (SettingsError, SiteError, BusyError, EngineError, PathError, ValueError) as wrong:
        print(f"the worker cannot start:\n{wrong}", file=sys.stderr)  # noqa: T201  a command speaks to its caller
        return 2
    return STAY_DOWN if Workdir(settings.state_dir, settings.party).down.exists() else 0


def parse_arguments(argv: Sequence[str] | None) -> dict[str, Any]:
    """The settings that the command line gives."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--party", help="id of the party")
    parser.add_argument("--gateway-url", help="e.g. https://gateway.example:9380")
    parser.add_argument("--token", help="worker token; FEDROTA_TOKEN or FEDROTA_TOKEN_FILE do not show in ps")
    parser.add_argument("--broker-url", help="redis:// address; without one the gateway knocks over the channel")
    parser.add_argument("--state-dir", help="folder for everything that must survive a restart")
    parser.add_argument("--slots", type=int, help="tasks at once")
    parser.add_argument("--profile", choices=("open", "sealed"))
    parser.add_argument("--components", nargs="*", metavar="MODULE", help="modules or .py files with components")
    given = vars(parser.parse_args(argv))
    return {name: value for name, value in given.items() if value is not None}


def run(settings: WorkerSettings) -> None:
    """Run with a broker as a Celery worker, without one on the channel alone."""
    if settings.broker_url.get_secret_value():
        app = make_party_app(settings)
        is_heard = settings.profile != "sealed"
        run_worker(app, name=f"party-{settings.party}", log_level=settings.log_level, is_heard=is_heard)
    else:
        run_alone(settings)


def run_alone(settings: WorkerSettings) -> None:
    """Be knocked over the channel."""
    wanted = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: wanted.set())
    site = Site(settings)
    site.start()
    wanted.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: site.kill())
    site.stop(settings.stop_grace_s)


if __name__ == "__main__":
    sys.exit(main())
