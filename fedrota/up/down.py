"""Stop the `up` that runs on a state folder, from outside."""

import time
from contextlib import suppress
from typing import Final

from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder
from fedrota.up.record import Record, find_running, is_same_process, kill_leftovers
from fedrota.up.spawn import terminate

ORDERLY_S: Final = 90.0


def stop_running(folder: StateFolder, *, now: bool, patience_s: float = ORDERLY_S) -> Record | None:
    """Stop it in order (`now`: at once) and wait for its end; its record, or None when nothing runs.

    UpError when it is still there after `patience_s` seconds, or is another user's.
    """
    record = find_running(folder)
    if record is None:
        kill_leftovers(folder)
        with suppress(OSError):  # there is none, or the folder cannot be written: nothing runs all the same
            folder.record.unlink()
        return None
    try:
        terminate(record.pid)
    except PermissionError as wrong:
        raise UpError(f"process {record.pid} is another user's: who started it may stop it") from wrong
    deadline = time.monotonic() + patience_s
    while is_same_process(record.pid, record.created):
        if now:  # a second signal means: at once; two sent together would count as one
            terminate(record.pid)
        if time.monotonic() > deadline:
            raise UpError(f"process {record.pid} still runs after {patience_s:g} s; `fedrota down --now` kills it")
        time.sleep(0.05)
    return record
