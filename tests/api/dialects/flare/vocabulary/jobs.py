"""FLARE jobs and parties for tests."""

from datetime import UTC, datetime, timedelta

from api.dialects.flare.requests.job_folder import JobFolder
from scheduler.domain.access import Principal, Role
from scheduler.domain.model import Party
from scheduler.store.queries.attachments import Blob

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME = Principal(name="me", kind="user", role=Role.LEAD, org="hq", project="p")
BLOB = Blob(id="b1", owner="me", project="p", size=1, sha256="x", created=NOW)


def party(name, *, seen_s=1.0, **given):
    filled = {"org": "", "slots": 4, "drained": False, "agent": None, "version": "", "created": NOW, **given}
    return Party(**{"id": name, "last_seen": NOW - timedelta(seconds=seen_s), **filled})


def job(**given):
    filled = {
        "folder": "J", "name": "J", "meta": {}, "apps": {"app": ("@ALL",)}, "min_clients": 1,
        "mandatory_clients": (), "resource_spec": {}, "has_code": False,
    }  # fmt: skip
    return JobFolder(**{**filled, **given})
