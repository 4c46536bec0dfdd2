"""A session's studies: groups of sites and users with jobs of their own; a session works in one of them."""

import re
from typing import Any, Final

from fedrota.session import outcomes
from fedrota.session.link import Link

DEFAULT_STUDY: Final = "default"
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")


class Studies(Link):
    """The study methods of a session; names, arguments and exceptions are those of FLARE 2.8.

    CommandError says why something was refused: `error_code`, `message`, and `hint` with what to change.
    """

    def list_studies(self) -> dict[str, Any]:
        """The caller's identity, and the studies that the caller may know of."""
        return self._ask("list_studies")

    def show_study(self, study: str) -> dict[str, Any]:
        """A study's sites by organisation, and its users."""
        return self._ask("show_study", _check(study, "study"))

    def register_study(
        self, study: str, sites: list[str] | None = None, site_orgs: list[str] | None = None
    ) -> dict[str, Any]:
        """Make a study, or add to one: an org_admin names `sites`, a project_admin `site_orgs` (`org:site,site`)."""
        return self._change("register_study", study, sites, site_orgs)

    def add_study_site(
        self, study: str, sites: list[str] | None = None, site_orgs: list[str] | None = None
    ) -> dict[str, Any]:
        """Add sites; which were `added` and which `already_enrolled`."""
        return self._change("add_study_site", study, sites, site_orgs)

    def remove_study_site(
        self, study: str, sites: list[str] | None = None, site_orgs: list[str] | None = None
    ) -> dict[str, Any]:
        """Take sites out; which were `removed` and which `not_enrolled`."""
        return self._change("remove_study_site", study, sites, site_orgs)

    def remove_study(self, study: str) -> dict[str, Any]:
        """Remove a study that has no jobs."""
        return self._ask("remove_study", _check(study, "study"))

    def add_study_user(self, study: str, user: str) -> dict[str, Any]:
        """Let a user work in a study."""
        return self._ask("add_study_user", _check(study, "study"), _check(user, "user"))

    def remove_study_user(self, study: str, user: str) -> dict[str, Any]:
        """Let a user work in a study no longer."""
        return self._ask("remove_study_user", _check(study, "study"), _check(user, "user"))

    def _change(self, command: str, study: str, sites: Any, site_orgs: Any) -> dict[str, Any]:
        study = _check(study, "study")
        if sites and site_orgs:
            raise outcomes.InvalidArgumentError("sites and site_orgs are mutually exclusive; provide only one")
        if site_orgs:
            words = [word for each in _check_list(site_orgs, "site_orgs") for word in ("--site-org", each)]
        else:
            words = ["--sites", ",".join(_check_list(sites, "sites"))]
        return self._ask(command, study, *words)

    def _ask(self, command: str, *words: str) -> dict[str, Any]:
        found = self.door.send(command, *words).value
        if found.get("error_code"):
            raise outcomes.CommandError(
                found["error_code"], found.get("message", ""), found.get("hint", ""), found.get("exit_code", 1)
            )
        return found


def check_study(study: Any) -> str:
    """The name of the study that a session works in; AssertionError, ValueError where it is none."""
    if not isinstance(study, str):
        raise AssertionError("study must be str")  # noqa: TRY004  FLARE's own
    if not _NAME.fullmatch(study):
        raise ValueError(
            f"study name '{study}' contains unsupported characters. Use only lowercase letters, numbers, underscores, "
            "and hyphens."
        )
    return study


def _check(given: Any, what: str) -> str:
    if not isinstance(given, str):
        raise outcomes.InvalidArgumentError(f"{what} must be str but got {type(given)}")
    if not given:
        raise outcomes.InvalidArgumentError(f"{what} is required but not specified.")
    return given


def _check_list(given: Any, what: str) -> list[str]:
    if not isinstance(given, list):
        raise outcomes.InvalidArgumentError(f"{what} must be list but got {type(given)}")
    if not given:
        raise outcomes.InvalidArgumentError(f"{what} are required but not specified.")
    for each in given:
        if not isinstance(each, str) or not each:
            raise outcomes.InvalidArgumentError(f"invalid {what[:-1]} value: {each}")
    return given
