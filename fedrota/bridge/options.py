"""What the bridge is told: where to listen, which certificates to show, which gateway to call."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fedrota.bridge.errors import BridgeError
from fedrota.connection import find_connection

PORT: Final = 8002
"""FLARE's own; `fedrota provision` writes it into kits where the project file names no other."""
AUTHORITY, CERTIFICATE, KEY = "rootCA.pem", "server.crt", "server.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The bridge's settings; `folder` holds the root certificate, the server's certificate and its key."""

    host: str
    port: int
    folder: Path
    url: str
    is_verbose: bool = False
    is_patient: bool = False
    """Wait for certificates that are not there yet."""

    @property
    def authority(self) -> Path:
        """The root certificate that clients' certificates must come from."""
        return self.folder / AUTHORITY

    @property
    def certificate(self) -> Path:
        """The certificate that clients see."""
        return self.folder / CERTIFICATE

    @property
    def key(self) -> Path:
        """Its private key."""
        return self.folder / KEY


def find_missing(folder: Path) -> list[str]:
    """The files of `folder` that are needed and not there."""
    return [name for name in (AUTHORITY, CERTIFICATE, KEY) if not (folder / name).is_file()]


def parse_options(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> Options:
    """Options from a command line; BridgeError where the certificates are missing."""
    given = _make_parser().parse_args(argv)
    state = Path((environment or os.environ).get("FEDROTA_STATE_DIR") or ".fedrota")
    folder = Path(given.certificates) if given.certificates else state / "flare"
    missing = find_missing(folder)
    if missing and not given.wait:
        raise BridgeError(
            f"{folder} holds no {', '.join(missing)}: run `fedrota provision`, or name the folder `startup` of the "
            "server's kit with --certificates"
        )
    url = find_connection(given.url, None).url
    return Options(
        host=given.host,
        port=given.port,
        folder=folder.absolute(),
        url=url,
        is_verbose=given.verbose,
        is_patient=given.wait,
    )


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fedrota.bridge", description="Lets unmodified clients of NVFLARE 2.8 and 2.9 use a gateway."
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=PORT, help="the kits' fed_learn_port (default: %(default)s)")
    parser.add_argument("--certificates", metavar="FOLDER", help="default: `flare` in FEDROTA_STATE_DIR (.fedrota)")
    parser.add_argument("--url", help="the gateway's address; default: FEDROTA_URL, else the local `fedrota up`")
    parser.add_argument("--wait", action="store_true", help="wait for certificates that are not there yet")
    parser.add_argument("--verbose", action="store_true", help="log what nvflare's library logs, too")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return port
