"""What can go wrong between a FLARE client and the gateway."""

from fedrota.errors import FedrotaError


class BridgeError(FedrotaError):
    """The bridge cannot start; the text says what to change."""


class RefusedError(FedrotaError):
    """The gateway does not take the caller."""


class AwayError(FedrotaError):
    """The gateway did not answer, or not in time."""


class RequestError(FedrotaError):
    """The client sent what is no request."""


class BusyError(FedrotaError):
    """Too many commands are under way."""
