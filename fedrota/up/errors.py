"""What can go wrong with `fedrota up` that its user can put right."""

from fedrota.errors import FedrotaError


class UpError(FedrotaError):
    """The system cannot be started or found; the text says what to change."""
