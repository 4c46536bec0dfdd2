"""What a party lets another party's jobs use of it, and what a job would use without being let."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

ALL: Final = "*"
KINDS: Final = ("role", "command", "component", "dataset")
"""What can be granted: to have the party in a role, to give it a command, to run a component, to read a data table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """`party` lets `grantee` use one thing of a kind, or all where `name` is *; `namespace` is a data table's."""

    party: str
    grantee: str
    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a job would use of a party."""

    party: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name} of party {self.party}"


def is_granted(use: Use, grants: Iterable[Grant]) -> bool:
    """Whether one of the grants covers the use."""
    return any(
        (grant.party, grant.kind) == (use.party, use.kind)
        and grant.name in {ALL, use.name}
        and grant.namespace in {"", use.namespace}
        for grant in grants
    )


def list_refused(by: str, uses: Iterable[Use], grants: Iterable[Grant]) -> Iterator[Use]:
    """The uses that party `by` was not granted; what is its own needs no grant."""
    known = [grant for grant in grants if grant.grantee == by]
    return (use for use in dict.fromkeys(uses) if use.party != by and not is_granted(use, known))
