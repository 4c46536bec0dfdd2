"""A session's studies: there is one, `default`; changing studies is refused with a hint, as CommandError."""

from typing import Any

from fedrota.session import outcomes
from fedrota.session.link import Link


class Studies(Link):
    """The study methods of a session; names, arguments and exceptions are those of FLARE 2.8."""

    def list_studies(self) -> dict[str, Any]:
        """The caller's identity and the studies."""
        return self._ask("list_studies")

    def show_study(self, study: str) -> dict[str, Any]:
        """One study; CommandError where there is none of this name."""
        return self._ask("show_study", _check(study, "study"))

    def register_study(
        self, study: str, sites: list[str] | None = None, site_orgs: list[str] | None = None
    ) -> dict[str, Any]:
        """CommandError: what belongs together is a project here."""
        return self._change("register_study", study, sites, site_orgs)

    def add_study_site(
        self, study: str, sites: list[str] | None = None, site_orgs: list[str] | None = None
    ) -> dict[str, Any]:
        """CommandError, as `register_study`."""
        return self._change("add_study_site", study, sites, site_orgs)

    def remove_study_site(
        self, study: str, sites: list[str] | None = None, site_orgs: list[str] | None = None
    ) -> dict[str, Any]:
        """CommandError, as `register_study`."""
        return self._change("remove_study_site", study, sites, site_orgs)

    def remove_study(self, study: str) -> dict[str, Any]:
        """CommandError, as `register_study`."""
        return self._ask("remove_study", _check(study, "study"))

    def add_study_user(self, study: str, user: str) -> dict[str, Any]:
        """CommandError, as `register_study`."""
        return self._ask("add_study_user", _check(study, "study"), _check(user, "user"))

    def remove_study_user(self, study: str, user: str) -> dict[str, Any]:
        """CommandError, as `register_study`."""
        return self._ask("remove_study_user", _check(study, "study"), _check(user, "user"))

    def _change(self, command: str, study: str, sites: Any, site_orgs: Any) -> dict[str, Any]:
        if sites and site_orgs:
            raise outcomes.InvalidArgumentError("sites and site_orgs are mutually exclusive; provide only one")
        chosen = site_orgs or sites
        if not isinstance(chosen, list) or not all(isinstance(one, str) and one for one in chosen):
            raise outcomes.InvalidArgumentError("sites must be a non-empty list of str")
        return self._ask(command, _check(study, "study"), *chosen)

    def _ask(self, command: str, *words: str) -> dict[str, Any]:
        found = self.door.send(command, *words).value
        if found.get("error_code"):
            raise outcomes.CommandError(
                found["error_code"], found.get("message", ""), found.get("hint", ""), found.get("exit_code", 1)
            )
        return found


def _check(given: Any, what: str) -> str:
    if not isinstance(given, str) or not given:
        raise outcomes.InvalidArgumentError(f"{what} must be a non-empty str but got {given!r}")
    return given
