"""Opens files below the party's folder without following any link that a task may have left there."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, NoReturn

from scheduler.domain.errors import NotFoundError
from workers.calls.arguments import Args, read_int, read_name

NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})


def open_folder(root: Path, *parts: str) -> int:
    """A descriptor of the folder `root/parts...`; NotFoundError where a part is missing or a link."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for part in parts:
        try:
            inner = os.open(_check(part), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
        except OSError as wrong:
            _raise_not_found(wrong, "folder", "/".join(parts))
        finally:
            os.close(handle)
        handle = inner
    return handle


def open_file(root: Path, *parts: str, kind: str = "file") -> BinaryIO:
    """The regular file `root/parts...` for reading; NotFoundError about a `kind` for anything else."""
    folder = _open_parent(root, parts, kind)
    try:
        handle = os.open(_check(parts[-1]), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as wrong:
        _raise_not_found(wrong, kind, parts[-1])
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotFoundError(kind, parts[-1])
    return os.fdopen(handle, "rb")


def open_output(root: Path, args: Args) -> BinaryIO:
    """The output of a task that a call names with `task`, `seq` and `name`."""
    task, seq, name = read_name(args, "task"), read_int(args, "seq"), read_name(args, "name")
    return open_file(root, "outputs", task, str(seq), name, kind="output")


def _open_parent(root: Path, parts: tuple[str, ...], kind: str) -> int:
    try:
        return open_folder(root, *parts[:-1])
    except NotFoundError:
        raise NotFoundError(kind, parts[-1]) from None


def _check(part: str) -> str:
    if part in {"", ".", ".."} or "/" in part or "\0" in part:
        raise NotFoundError("file", part)
    return part


def _raise_not_found(wrong: OSError, kind: str, name: str) -> NoReturn:
    if wrong.errno in NOT_THERE:
        raise NotFoundError(kind, name) from wrong
    raise wrong
