"""What administrators do with studies; each change has its row in the audit trail."""

from datetime import datetime

from scheduler.domain.access import Principal, Role
from scheduler.domain.studies import Obstacle, Sites, Study, StudyError, StudyUser, make_not_found
from scheduler.service.audit import Actor, note
from scheduler.store.queries.credentials import list_orgs
from scheduler.store.queries.parties import list_parties
from scheduler.store.queries.studies import count_study_jobs, find_study
from scheduler.store.tx import Tx
from scheduler.store.writes.studies import delete_study, put_study


def register_study(tx: Tx, name: str, sites: Sites, *, by: Actor, now: datetime) -> Study:
    """Make a study of the caller's project with these sites, or add them; the caller becomes a user of it.

    StudyError where a site is unknown or of another organisation, or the name belongs to others.
    """
    who = by.principal
    found = find_study(tx, who.project, name, locks=True)
    if found is not None and not found.is_known_to(who):
        raise StudyError(Obstacle.TAKEN, f"Study '{name}' already exists.")
    _check_sites(tx, sites)
    study, _ = (found or Study(project=who.project, name=name, site_orgs={}, users=())).enroll(sites)
    study = study if study.has_user(who) else study.admit(StudyUser(who.name, who.org))
    return _keep(tx, study, "register_study", by=by, now=now)


def enroll_sites(tx: Tx, name: str, sites: Sites, *, by: Actor, now: datetime) -> tuple[Study, list[str]]:
    """Add sites to a study; it as it is then, and those that are new to it. StudyError as `register_study`."""
    study = _get(tx, name, by)
    _check_sites(tx, sites)
    study, new = study.enroll(sites)
    return _keep(tx, study, "add_study_site", by=by, now=now), new


def withdraw_sites(tx: Tx, name: str, sites: Sites, *, by: Actor, now: datetime) -> tuple[Study, list[str]]:
    """Take sites out of a study, known or not; it as it is then, and those that were in it."""
    study, gone = _get(tx, name, by).withdraw(sites)
    return _keep(tx, study, "remove_study_site", by=by, now=now), gone


def add_study_user(tx: Tx, name: str, word: str, *, by: Actor, now: datetime) -> tuple[Study, StudyUser]:
    """Let a user, `organisation:name` or a name of the caller's organisation, work in a study; it then, and the user.

    StudyError where they may already, or where the bare name is known in other organisations only.
    """
    study = _get(tx, name, by)
    user = _choose(tx, word, by.principal)
    if user in study.users or StudyUser(word, None) in study.users:
        raise StudyError(Obstacle.USER_THERE, f"User '{word}' is already in study '{name}'.")
    return _keep(tx, study.admit(user), "add_study_user", by=by, now=now), user


def _choose(tx: Tx, word: str, by: Principal) -> StudyUser:
    org, mark, name = word.partition(":")
    if mark:
        return StudyUser(name, org)
    # Somebody of another organisation is meant: without a word they would stay outside, and nobody would know why.
    orgs = list_orgs(tx, name=word, project=by.project) if by.role is Role.PROJECT_ADMIN else []
    if orgs and by.org not in orgs:
        known = " or ".join(StudyUser(word, org).word for org in orgs)
        raise StudyError(
            Obstacle.WHOSE_USER, f"User '{word}' is known, but not in organisation '{by.org}': write {known}."
        )
    return StudyUser(word, by.org)


def remove_study_user(tx: Tx, name: str, word: str, *, by: Actor, now: datetime) -> tuple[Study, StudyUser]:
    """Let a user, `organisation:name` or a name, work in a study no longer; it as it is then, and the user.

    Of namesakes a bare name means the one of the caller's organisation. StudyError where there is none of the name.
    """
    study = _get(tx, name, by)
    found = study.find_users(word)
    if not found:
        raise StudyError(Obstacle.NO_USER, f"User '{word}' is not in study '{name}'.")
    own = found if len(found) == 1 else [user for user in found if user.org == by.principal.org]
    if not own:
        known = " or ".join(user.word for user in found)
        raise StudyError(Obstacle.WHOSE_USER, f"Several users '{word}' are in study '{name}': write {known}.")
    return _keep(tx, study.dismiss(own[0]), "remove_study_user", by=by, now=now), own[0]


def remove_study(tx: Tx, name: str, *, by: Actor, now: datetime) -> None:
    """Forget a study; StudyError while jobs of it are stored."""
    study = _get(tx, name, by)
    jobs = count_study_jobs(tx, study)
    if jobs:
        message = f"Study '{name}' has {jobs} associated job(s) and cannot be removed."
        raise StudyError(Obstacle.JOBS, message)
    delete_study(tx, study)
    note(tx, by, "remove_study", study.scope, now=now)


def _get(tx: Tx, name: str, by: Actor) -> Study:
    found = find_study(tx, by.principal.project, name, locks=True)
    if found is None or not found.is_known_to(by.principal):
        raise make_not_found(name)
    return found


def _check_sites(tx: Tx, sites: Sites) -> None:
    orgs = {party.id: party.org for party in list_parties(tx)}
    for org, named in sites.items():
        wrong = [site for site in named if orgs.get(site) != org]
        if wrong:
            raise StudyError(Obstacle.SITES, f"Sites {wrong} are unknown or do not belong to org '{org}'.")


def _keep(tx: Tx, study: Study, action: str, *, by: Actor, now: datetime) -> Study:
    put_study(tx, study, now)
    note(tx, by, action, study.scope, now=now)
    return study
