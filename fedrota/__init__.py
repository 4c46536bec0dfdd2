"""fedrota: submit jobs that span several parties, watch them, read their results."""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fedrota import errors as errors
    from fedrota.async_client import AsyncClient as AsyncClient
    from fedrota.client import Client as Client
    from fedrota.errors import FedrotaError as FedrotaError

    __version__: str

__all__ = ["AsyncClient", "Client", "FedrotaError", "__version__", "errors"]

_HOMES: Final = {
    "AsyncClient": "fedrota.async_client",
    "Client": "fedrota.client",
    "FedrotaError": "fedrota.errors",
}


def __getattr__(name: str) -> Any:
    """Load an export at its first use: authors of components pay for no HTTP client."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "errors":
        return import_module("fedrota.errors")
    if name == "__version__":
        return _find_version()
    raise AttributeError(f"module 'fedrota' has no attribute {name!r}")


def _find_version() -> str:
    try:
        return metadata.version("fedrota")
    except metadata.PackageNotFoundError:
        return "0.0.0+tree"
