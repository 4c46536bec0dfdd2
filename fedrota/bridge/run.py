"""One run of the bridge: from its command line to the signal that ends it."""

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Final

from fedrota.bridge.gateway import Gateway
from fedrota.bridge.imports import load_library
from fedrota.bridge.options import Options, parse_options
from fedrota.bridge.ports import check_free, wait_until_open
from fedrota.bridge.wire import Wire
from fedrota.errors import FedrotaError

log: Final = logging.getLogger(__name__)

END_S: Final = 5.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the process's exit status."""
    try:
        options = parse_options(sys.argv[1:] if argv is None else argv)
        _start_log(is_verbose=options.is_verbose)
        wire, gateway = _start(options)
    except FedrotaError as wrong:
        print(f"fedrota.bridge: {wrong.message}", file=sys.stderr)  # noqa: T201  a command speaks to its caller
        return 1
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    log.warning("ready: %s:%d serves %s", options.host, options.port, options.url)
    ended.wait()
    _stop(wire, gateway)
    return 0


def _start(options: Options) -> tuple[Wire, Gateway]:
    library = load_library()
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
