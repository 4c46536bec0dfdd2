"""Files that the gateway puts at this party so that a step takes them as its inputs: parts of a model from elsewhere."""

import errno
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from scheduler.domain.errors import FedrotaError, TooLargeError
from workers.calls.arguments import Args, read_name, read_text
from workers.calls.serving import Answer, Op
from workers.workdir import Workdir


class DamagedFileError(FedrotaError):
    """A file is not the one that was announced."""

    code = "invalid"


def make_arrival_ops(workdir: Workdir) -> Mapping[str, Op]:
    """The operations on arrivals below `workdir`."""
    return {
        "arrival.put": lambda args, body: put_arrival(workdir, args, body),
        "arrival.drop": lambda args, _: drop_arrival(workdir, args),
    }


def put_arrival(workdir: Workdir, args: Args, body: Iterator[bytes]) -> Answer:
    """Keep the body as the file `name` of arrival `key`, for the member `member` ("role.position") of step `step`."""
    place = find_place(workdir, args)
    size = write_checked(place, body, sha256=read_text(args, "sha256"))
    return Answer(result={"size": size})


def find_place(workdir: Workdir, args: Args) -> Path:
    """The path that the arguments name."""
    key, member, step = read_name(args, "key"), read_name(args, "member"), read_name(args, "step")
    return workdir.arrival(key, member, step) / read_name(args, "name")


def write_checked(place: Path, pieces: Iterator[bytes], *, sha256: str) -> int:
    """Write a file and return its size; DamagedFileError, and no file, where its hash is not `sha256`."""
    place.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with place.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != sha256:
            raise DamagedFileError(f"{place.name} is damaged: its SHA-256 is {digest.hexdigest()}, not {sha256}")
    except OSError as wrong:
        place.unlink(missing_ok=True)
        if wrong.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise TooLargeError("the party's disk has no room for this file") from wrong
        raise
    except FedrotaError:
        place.unlink(missing_ok=True)
        raise
    return place.stat().st_size


def drop_arrival(workdir: Workdir, args: Args) -> Answer:
    """Remove all files of an arrival; one that is not there is no error."""
    shutil.rmtree(workdir.arrival(read_name(args, "key")), ignore_errors=True)
    return Answer()
