"""What can be wrong when kits are made."""

from fedrota.errors import FedrotaError


class ProvisionError(FedrotaError):
    """The kits cannot be made; the text says what to change."""
