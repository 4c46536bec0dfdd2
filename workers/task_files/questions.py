"""Questions of the gateway to a task while it runs, for those whose processes answer: files in the attempt's folder.

A process that answers makes the folder `commands` in its working folder. A question appears there as
`<id>.question` (JSON); what the process then writes to `<id>.answer` (JSON, appearing at once) is the answer.
A file `closed` says that no more answers come.
"""

import os
import time
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

import orjson

from scheduler.domain.errors import ConflictError, NotFoundError, TooLargeError
from workers.calls.arguments import Args, read_int, read_name
from workers.calls.safe_open import open_file, open_folder
from workers.calls.serving import Answer, Op
from workers.workdir import Workdir

FOLDER: Final = "commands"
CLOSED: Final = "closed"
LOOK_S: Final = 0.02
PATIENCE_S: Final = 8.0
"""Less than the gateway waits for an answer."""
MAX_ANSWER_BYTES: Final = 4 << 20


def make_question_ops(workdir: Workdir, *, patience_s: float = PATIENCE_S) -> Mapping[str, Op]:
    """The operation that asks a running task."""
    return {"task.ask": lambda args, _: ask(workdir, args, patience_s=patience_s)}


def ask(workdir: Workdir, args: Args, *, patience_s: float) -> Answer:
    """The answer (as the body, JSON) of the attempt `task`, `seq` to `question`, any JSON.

    ConflictError where it does not run, takes no questions or does not answer in time.
    """
    task, seq = read_name(args, "task"), read_int(args, "seq")
    place = ("work", task, str(seq), FOLDER)
    name = uuid4().hex
    try:
        folder = open_folder(workdir.root, *place)
    except NotFoundError:
        raise ConflictError(f"task {task} does not run, or takes no questions") from None
    try:
        _put(folder, name, orjson.dumps(args.get("question")))
        answer = _wait(workdir, place, name, patience_s=patience_s)
        _forget(folder, f"{name}.question", f"{name}.answer")
    finally:
        os.close(folder)
    if answer is None:
        raise ConflictError(f"task {task} gave no answer within {patience_s:g} s, or is about to end")
    return Answer(body=iter((answer,)))


def _put(folder: int, name: str, question: bytes) -> None:
    """A file that appears at once."""
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(question)
    os.rename(name, f"{name}.question", src_dir_fd=folder, dst_dir_fd=folder)


def _wait(workdir: Workdir, place: tuple[str, ...], name: str, *, patience_s: float) -> bytes | None:
    """The answer, or None where none comes."""
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        is_closed = _find(workdir, *place, CLOSED) is not None
        answer = _find(workdir, *place, f"{name}.answer")
        if answer is not None or is_closed:
            return answer
        time.sleep(LOOK_S)
    return None


def _find(workdir: Workdir, *path: str) -> bytes | None:
    try:
        with open_file(workdir.root, *path, kind="answer") as file:
            found = file.read(MAX_ANSWER_BYTES + 1)
    except NotFoundError:
        return None
    if len(found) > MAX_ANSWER_BYTES:
        raise TooLargeError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    return found


def _forget(folder: int, *names: str) -> None:
    for name in names:
        try:
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            continue  # the process has taken it away
