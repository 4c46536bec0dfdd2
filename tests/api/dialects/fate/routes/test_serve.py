import pytest

from api.dialects.fate.routes.serve import SUBJECTS
from api.dialects.fate.routes.system import list_versions


def test_no_route_is_served_twice():
    paths = [(path, method) for subject in SUBJECTS for path, answers in subject.items() for method in answers]
    assert len(paths) == len(set(paths))


async def test_a_defect_is_told_in_fates_envelope_and_explained_in_the_log_only(fate, monkeypatch):
    monkeypatch.setattr("api.dialects.fate.routes.system.list_versions", lambda: 1 / 0)
    code, message = await fate.refused("version/get", {})
    assert (code, fate.status) == (100, 500)
    assert "incident" in message
    assert "ZeroDivision" not in message
    assert list_versions()


async def test_a_database_that_is_away_is_told_too(fate, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def fail():
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr("api.dialects.fate.routes.system.list_versions", fail)
    code, message = await fate.refused("version/get", {})
    assert (code, fate.status, "the database does not answer" in message) == (100, 503, True)


@pytest.mark.parametrize("body", [b"[1]", b'"x"', b"\xff", b"{", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused_in_one_line(fate, body):
    code, _ = await fate.refused("version/get", content=body)
    assert (code, fate.status) == (101, 200)
