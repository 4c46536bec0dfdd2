"""The words of the commands on studies, refused as FLARE refuses them.

Source: NVIDIA FLARE 2.9.0, module `nvflare.private.fed.server.study_cmds`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from api.dialects.flare.command import DEFAULT_STUDY
from api.dialects.flare.errors import FlareError
from api.dialects.flare.requests.flags import Flags
from scheduler.domain.access import Principal, Role

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
MAX_USER: Final = 200
"""So many characters name a user; as many an organisation."""


class StudyWordsError(Exception):
    """The words of a command on studies are wrong; `code` is FLARE's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse_study(words: Sequence[str]) -> str:
    """The study that the only word names."""
    if len(words) != 1:
        raise StudyWordsError("INVALID_STUDY_NAME", "name one study")
    return _check_name(words[0])


def parse_user(words: Sequence[str]) -> tuple[str, str]:
    """A study and a user, by name or as `organisation:name`."""
    if len(words) != 2 or not _is_user(words[1]):
        raise StudyWordsError("INVALID_STUDY_NAME", "name a study and a user")
    return _check_name(words[0]), words[1]


def _is_user(word: str) -> bool:
    org, mark, name = word.partition(":")
    return bool(name if mark else org) and max(len(org), len(name)) <= MAX_USER


def parse_sites(command: str, words: Sequence[str], by: Principal) -> tuple[str, Mapping[str, Sequence[str]]]:
    """A study, and sites by organisation: a project admin names both, an org admin's sites are of their own."""
    flags = Flags(command)
    flags.add_argument("study")
    flags.add_argument("--sites", default=None)
    flags.add_argument("--site-org", action="append", default=[], dest="site_orgs")
    try:
        given = flags.read(words)
    except FlareError as wrong:
        raise _refuse(wrong.message) from wrong
    name = _check_name(given.study)
    if given.sites and given.site_orgs:
        raise _refuse("--sites and --site-org are mutually exclusive; provide only one")
    if by.role is Role.PROJECT_ADMIN:
        if given.sites:
            raise _refuse("project_admin must use --site-org, not --sites")
        return name, _parse_orgs(given.site_orgs)
    if given.site_orgs:
        raise _refuse("org_admin must use --sites, not --site-org")
    if not by.org:
        raise _refuse("the caller belongs to no organisation: have a token or certificate with one issued")
    return name, {by.org: _split(given.sites or "", "--sites")}


def _parse_orgs(given: Sequence[str]) -> dict[str, list[str]]:
    if not given:
        raise _refuse("--site-org is required")
    found: dict[str, list[str]] = {}
    for each in given:
        org, mark, sites = each.partition(":")
        if not mark:
            raise _refuse(f"invalid --site-org value '{each[:200]}'")
        for site in _split(sites, f"--site-org '{each[:200]}'"):
            if any(site in named for named in found.values()):
                raise _refuse(f"site '{site}' appears in more than one org group")
            found.setdefault(org.strip(), []).append(site)
    return found


def _split(text: str, what: str) -> list[str]:
    sites = list(dict.fromkeys(site.strip() for site in text.split(",") if site.strip()))
    if not sites:
        raise _refuse(f"{what} must contain at least one site")
    return sites


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name == DEFAULT_STUDY:
        raise StudyWordsError("INVALID_STUDY_NAME", f"invalid study name '{name[:200]}'")
    return name


def _refuse(message: str) -> StudyWordsError:
    return StudyWordsError("INVALID_ARGS", message)
