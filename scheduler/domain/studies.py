"""Studies: a name for some sites and some users within a project, whose jobs are a project of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import ConflictError

Sites = Mapping[str, Sequence[str]]
"""Sites by their organisation."""


class Obstacle(StrEnum):
    """Why something cannot be done with a study."""

    NO_STUDY = "no_study"
    TAKEN = "taken"
    SITES = "sites"
    JOBS = "jobs"
    USER_THERE = "user_there"
    NO_USER = "no_user"
    WHOSE_USER = "whose_user"


class StudyError(ConflictError):
    """A study stands against what is asked; `obstacle` names the reason, for which each dialect has its words."""

    def __init__(self, obstacle: Obstacle, message: str) -> None:
        super().__init__(message)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class StudyUser:
    """A user by name and organisation, within which names are given.

    Without an organisation it is everybody of the name: an entry from when only names were kept, of nobody knows whom.
    """

    name: str
    org: str | None

    @property
    def word(self) -> str:
        """`organisation:name`, or the bare name."""
        return self.name if self.org is None else f"{self.org}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study of a project; only its users work in it, only its sites run its jobs."""

    project: str
    name: str
    site_orgs: Mapping[str, tuple[str, ...]]
    users: tuple[StudyUser, ...]

    @property
    def scope(self) -> str:
        """The project under which its jobs are stored: nobody else's see them, whatever their name."""
        return f"{self.project}/{self.name}"

    @property
    def sites(self) -> tuple[str, ...]:
        """Every site of it, by name."""
        return tuple(sorted(site for sites in self.site_orgs.values() for site in sites))

    def is_known_to(self, caller: Principal) -> bool:
        """Whether the caller may know of it: project admins of all, org admins of those with sites of theirs."""
        if caller.role is Role.PROJECT_ADMIN:
            return True
        if caller.role is Role.ORG_ADMIN:
            return bool(caller.org) and caller.org in self.site_orgs
        return self.has_user(caller)

    def has_user(self, caller: Principal) -> bool:
        """Whether the caller works in it; a namesake of another organisation does not."""
        return any(user.name == caller.name and user.org in {None, caller.org} for user in self.users)

    def find_users(self, word: str) -> list[StudyUser]:
        """Its users whom `organisation:name` or a bare name may mean."""
        return [user for user in self.users if user.word == word] or [user for user in self.users if user.name == word]

    def admit(self, user: StudyUser) -> "Study":
        """The study with this user, who takes the place of everybody of the name."""
        others = tuple(other for other in self.users if other not in {user, StudyUser(user.name, None)})
        return replace(self, users=(*others, user))

    def dismiss(self, user: StudyUser) -> "Study":
        """The study without this user."""
        return replace(self, users=tuple(other for other in self.users if other != user))

    def enroll(self, wanted: Sites) -> tuple["Study", list[str]]:
        """The study with these sites, and those that are new to it."""
        new = [site for sites in wanted.values() for site in sites if site not in self.sites]
        merged = {org: (*self.site_orgs.get(org, ()), *_pick(sites, new)) for org, sites in wanted.items()}
        return replace(self, site_orgs={**self.site_orgs, **merged}), new

    def withdraw(self, unwanted: Sites) -> tuple["Study", list[str]]:
        """The study without these sites, and those that were in it."""
        gone = [site for org, sites in unwanted.items() for site in _pick(sites, self.site_orgs.get(org, ()))]
        left = {org: tuple(site for site in sites if site not in gone) for org, sites in self.site_orgs.items()}
        return replace(self, site_orgs=left), gone


def _pick(sites: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those of `sites` that are known, each once."""
    return [site for site in dict.fromkeys(sites) if site in known]


def make_not_found(name: str) -> StudyError:
    """There is no such study, or the caller may not know of it."""
    return StudyError(Obstacle.NO_STUDY, f"Study '{name}' not found.")
