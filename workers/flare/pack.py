"""What is left of a run: its workspace as a zip, and the last error that its logs tell of."""

import zipfile
from pathlib import Path
from typing import Final

LOG_TAIL: Final = 64 << 10
MAX_TEXT: Final = 600
_MARKS: Final = (" - ERROR - ", " - CRITICAL - ")
_TRANSPORT: Final = " - CoreCell - "
"""Who only complains that somebody is gone, which has another cause."""


def pack_folder(folder: Path, target: Path, *, without: frozenset[str] = frozenset()) -> None:
    """Zip the plain files below `folder`; the folders named in `without`, directly below it, are left out."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            below = path.relative_to(folder)
            if below.parts[0] not in without and path.is_file() and not path.is_symlink():
                archive.write(path, below.as_posix())


def find_last_error(place: Path) -> str:
    """The last error line of FLARE's own logs below `place`; empty where there is none."""
    logs = sorted(place.rglob("error_log.txt"), key=lambda path: path.stat().st_mtime, reverse=True)
    for log in logs:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_TAIL))
            lines = file.read(LOG_TAIL).decode(errors="replace").splitlines()
        found = [line for line in lines if any(mark in line for mark in _MARKS) and _TRANSPORT not in line]
        if found:
            return found[-1].rpartition(" - ")[2][:MAX_TEXT]
    return ""
