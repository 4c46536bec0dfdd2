"""What FATE 2.x lets clients be, and the roles that mean the same here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from scheduler.domain.access import RULES, Action, Role

ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {"super_client": Role.ORG_ADMIN, "client": Role.LEAD, "site": Role.MEMBER}
)
"""A client submits jobs and sees to its own, a super client sees to its organisation's, a site only looks on."""
USUAL: Final = "client"
LEFT: Final = Role.MEMBER
"""What is left to a client whose role was taken away."""


def name_role(role: str) -> str:
    """2.x's word for a role, the core's where 2.x has none."""
    return next((name for name, each in ROLES.items() if each == role), role)


def list_actions(role: str) -> list[str]:
    """What the role lets a client ask for."""
    return [str(action) for action in Action if role in RULES[action]]
