"""How pytest-xdist shares out the tests: what uses one system goes to one process, and what lasts long begins first."""

from pathlib import PurePath

from xdist.scheduler import LoadScopeScheduling

LONG = (
    "tests/faults/test_system.py",
    "tests/contract/",
    "tests/e2e/",
    "tests/faults/",
    "tests/workers/components/test_hetero_",
    "tests/workers/components/test_docs.py",
    "tests/workers/test_",
    "tests/api/test_openapi.py",
)
"""Beginnings of paths, the longest-lasting first. Whatever else there is fills the end evenly: each file takes seconds."""
TOGETHER = "tests/contract/dialects/"
"""The files of a folder below this one use one system."""
FATE = "tests/e2e/test_fate_"
"""The files with this beginning use one system."""


def rank(nodeid: str) -> int:
    """When a test's turn comes: the smaller, the earlier."""
    return next((place for place, start in enumerate(LONG) if nodeid.startswith(start)), len(LONG))


def unit(nodeid: str) -> str:
    """What a test shares its process with: its file, its folder, or the files that begin alike."""
    file = nodeid.partition("::")[0]
    if file.startswith(FATE):
        return FATE
    return str(PurePath(file).parent) if file.startswith(TOGETHER) else file


class BySystem(LoadScopeScheduling):
    """Gives out whole units in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
