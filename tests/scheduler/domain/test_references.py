"""References to outputs, in the same job or in an earlier one."""

import pytest

from scheduler.domain.references import Reference, find_reference


@pytest.mark.parametrize("text", ["read.data", "2026030112000012345600001:lr_0.model", "a.b.c"])
def test_a_reference_is_written_as_it_was_read(text):
    found = find_reference(text)
    assert found is not None
    assert str(found) == text


def test_a_reference_names_job_step_and_output():
    assert find_reference("42:lr_0.model") == Reference("lr_0", "model", job="42")
    assert find_reference("read.data") == Reference("read", "data")


@pytest.mark.parametrize("text", ["", "read", "read.", ".data", ":read.data", "1:2:read.data", "a-b:read.data"])
def test_anything_else_is_no_reference(text):
    assert find_reference(text) is None
