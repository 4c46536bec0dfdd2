"""What the bridge takes of nvflare's library, most of it private: one place to look at when a new release appears."""

from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any, Final

from fedrota.bridge.errors import BridgeError

HINT: Final = "pip install 'fedrota[flare-bridge]' (nvflare>=2.8,<2.10)"
FIRST: Final = (2, 8)
BEYOND: Final = (2, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Classes and functions of nvflare; they have no types."""

    cell: Any
    message: Any
    shareable: Any
    make_reply: Any
    make_file_reply: Any
    identity: Any
    downloader: Any
    add_file: Any
    add_auth_headers: Any
    driver: Any
    register_types: Any
    peer_name: str
    """Under this name a message carries the CN of its TLS connection."""


def check_version(version: str) -> None:
    """BridgeError where the bridge was not tried with this version of nvflare."""
    try:
        found = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        found = ()
    if not FIRST <= found < BEYOND:
        raise BridgeError(f"nvflare {version} is not one that the bridge works with: {HINT}")


def load_library() -> Library:
    """Import nvflare; BridgeError where it is missing or another than the bridge was made for."""
    try:
        check_version(metadata.version("nvflare"))
        return Library(
            cell=_take("fuel.f3.cellnet.cell", "Cell"),
            message=_take("fuel.f3.message", "Message"),
            shareable=_take("apis.shareable", "Shareable"),
            make_reply=_take("fuel.f3.cellnet.utils", "make_reply"),
            make_file_reply=_take("apis.shareable", "make_reply"),
            identity=_take("private.fed.utils.identity_utils", "IdentityAsserter"),
            downloader=_take("fuel.f3.streaming.obj_downloader", "ObjectDownloader"),
            add_file=_take("fuel.f3.streaming.file_downloader", "add_file"),
            add_auth_headers=_take("fuel.sec.authn", "set_add_auth_headers_filters"),
            driver=_take("fuel.f3.drivers.driver_params", "DriverParams"),
            register_types=_take("apis.utils.decomposers.flare_decomposers", "register"),
            peer_name=_take("fuel.f3.cellnet.defs", "MessagePropKey").COMMON_NAME,
        )
    except (ImportError, AttributeError, metadata.PackageNotFoundError) as wrong:
        raise BridgeError(f"the bridge needs nvflare's library ({wrong}): {HINT}") from wrong


def _take(module: str, name: str) -> Any:
    return getattr(import_module(f"nvflare.{module}"), name)
