"""Deletes what tasks left at this party and nobody needs any more."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from typing import Final

from scheduler.domain.errors import InvalidDocumentError, NotFoundError, Problem
from workers.calls.arguments import Args, read_int, read_name
from workers.calls.safe_open import open_folder
from workers.calls.serving import Answer, Op
from workers.workdir import Workdir

MAX_OUTPUTS: Final = 1000
KINDS: Final = ("outputs", "logs")
"""The folders in which a task has one of its own."""


def make_discard_ops(workdir: Workdir) -> Mapping[str, Op]:
    """The operations that delete below `workdir`."""
    return {
        "output.drop": lambda args, _: drop_outputs(workdir, args),
        "task.drop": lambda args, _: drop_tasks(workdir, args),
    }


def drop_outputs(workdir: Workdir, args: Args) -> Answer:
    """Delete the named outputs (task, seq, name); one that is not there is no error. The result counts the rest."""
    given = list(_read_outputs(args))
    return Answer(result={"dropped": sum(_drop(workdir, *output) for output in given)})


def _read_outputs(args: Args) -> Iterator[tuple[str, int, str]]:
    given = args.get("outputs")
    if not isinstance(given, list) or len(given) > MAX_OUTPUTS:
        raise InvalidDocumentError(Problem(where="outputs", message=f"a list of at most {MAX_OUTPUTS} is needed"))
    for output in given:
        if not isinstance(output, dict):
            raise InvalidDocumentError(Problem(where="outputs", message="each is an object: task, seq, name"))
        yield read_name(output, "task"), read_int(output, "seq"), read_name(output, "name")


def _drop(workdir: Workdir, task: str, seq: int, name: str) -> bool:
    """Whether something was there."""
    return _remove(workdir, name, "outputs", task, str(seq))


def drop_tasks(workdir: Workdir, args: Args) -> Answer:
    """Delete the outputs and logs of the named tasks, whose job exists no more; the result counts what was there."""
    given = args.get("tasks")
    if not isinstance(given, list) or len(given) > MAX_OUTPUTS:
        raise InvalidDocumentError(Problem(where="tasks", message=f"a list of at most {MAX_OUTPUTS} is needed"))
    names = [read_name({"task": task}, "task") for task in given]
    return Answer(result={"dropped": sum(_remove(workdir, task, kind) for task in names for kind in KINDS)})


def _remove(workdir: Workdir, name: str, *parts: str) -> bool:
    """Delete a file or folder below `parts`; whether there was one. A link is deleted itself, not what it leads to."""
    try:
        folder = open_folder(workdir.root, *parts)
    except NotFoundError:
        return False
    try:
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            shutil.rmtree(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    finally:
        os.close(folder)
    return True
