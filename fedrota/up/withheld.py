"""What of the environment is the centre's alone."""

from collections.abc import Mapping
from typing import Final

CENTRE_ONLY: Final = ("FEDROTA_DATABASE_URL", "FEDROTA_SECRET_KEY")


def withhold(environment: Mapping[str, str], *more: str) -> dict[str, str]:
    """The environment for a process outside of the centre; `more` names variables that it has no use for either.

    Each goes with its form `..._FILE`.
    """
    names = {f"{name}{form}" for name in (*CENTRE_ONLY, *more) for form in ("", "_FILE")}
    return {name: value for name, value in environment.items() if name not in names}
