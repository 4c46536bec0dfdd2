"""One run of the bridge: from its command line to the signal that ends it."""

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Final

from fedrota.bridge.gateway import Gateway
from fedrota.bridge.imports import Library, load_library
from fedrota.bridge.options import Options, find_missing, parse_options
from fedrota.bridge.ports import check_free, wait_until_open
from fedrota.bridge.wire import Wire
from fedrota.errors import FedrotaError

log: Final = logging.getLogger(__name__)

END_S: Final = 5.0
LOOK_S: Final = 0.5


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the process's exit status."""
    ended = threading.Event()
    try:
        options = parse_options(sys.argv[1:] if argv is None else argv)
        _start_log(is_verbose=options.is_verbose)
        library = load_library()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        if not _wait_for_certificates(options, ended):
            return 0
        wire, gateway = _start(library, options)
    except FedrotaError as wrong:
        print(f"fedrota.bridge: {wrong.message}", file=sys.stderr)  # noqa: T201  a command speaks to its caller
        return 1
    log.warning("ready: %s:%d serves %s", options.host, options.port, options.url)
    ended.wait()
    _stop(wire, gateway)
    return 0


def _wait_for_certificates(options: Options, ended: threading.Event) -> bool:
    """True once they are there, False where the process is to end before."""
    if missing := find_missing(options.folder):
        log.warning("waiting: %s holds no %s; run `fedrota provision`", options.folder, ", ".join(missing))
    while find_missing(options.folder):
        if ended.wait(LOOK_S):
            return False
    return True


def _start(library: Library, options: Options) -> tuple[Wire, Gateway]:
    check_free(options.host, options.port)
    gateway = Gateway(options.url)
    wire = Wire(library, options, gateway)
    wire.start()
    wait_until_open(options.host, options.port)
    return wire, gateway


def _start_log(*, is_verbose: bool) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    logging.getLogger("fedrota").setLevel(logging.INFO)
    logging.getLogger("nvflare").setLevel(logging.INFO if is_verbose else logging.ERROR)


def _stop(wire: Wire, gateway: Gateway) -> None:
    """Say good-bye to clients and gateway, for a few seconds at most."""
    stopper = threading.Thread(target=wire.stop, daemon=True)
    stopper.start()
    stopper.join(END_S)
    gateway.close()
    log.warning("ended")
