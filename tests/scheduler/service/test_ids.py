"""Identities: job ids are such as FATE's clients know."""

from datetime import UTC, datetime

from scheduler.service.ids import new_definition_id, new_job_id, new_secret, new_token_id

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_job_id_is_25_digits_that_begin_with_its_time():
    id_ = new_job_id(NOON)
    assert len(id_) == 25
    assert id_.isdigit()
    assert id_.startswith("20260301120000123456")


def test_jobs_of_one_moment_have_different_ids():
    assert len({new_job_id(NOON) for _ in range(10_000)}) == 10_000


def test_other_ids_are_random():
    assert len(new_definition_id(30)) == 30
    assert new_definition_id(32) != new_definition_id(32)
    assert new_token_id() != new_token_id()
    assert len(new_secret()) == 43
