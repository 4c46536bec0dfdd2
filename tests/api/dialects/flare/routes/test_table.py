"""The table of commands."""

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.routes.table import COMMANDS, get_command


def test_names_are_unique_and_usages_begin_with_them():
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    assert all(command.usage.split()[0] == command.name for command in COMMANDS)


def test_a_scope_may_stand_before_a_name():
    assert get_command("job.list_jobs") is get_command("list_jobs")


def test_an_unknown_command_is_refused_with_the_nearest():
    with pytest.raises(FlareError, match="Undefined command 'submit_jobs'. Did you mean 'submit_job'?"):
        get_command("submit_jobs")
