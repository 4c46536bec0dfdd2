"""Running a command in this process, as its entry point does."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fedrota.cli.app import run


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be JSON and nothing else."""
        return json.loads(self.out)


@pytest.fixture
def fedrota(gateway: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run the command line against the miniature gateway."""

    def call(*words: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run(words)
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return call
