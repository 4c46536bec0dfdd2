"""The state folder: what survives a restart, and who may use it at a time."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from fedrota.up.errors import UpError
from fedrota.up.options import PartySpec


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The names of everything in the state folder that `fedrota up` reads or writes."""

    root: Path

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.root / "log"

    @property
    def broker(self) -> Path:
        """The embedded broker's data, password and port."""
        return self.root / "broker"

    @property
    def token(self) -> Path:
        """The first user's token, written by the bootstrap."""
        return self.root / "token"

    @property
    def record(self) -> Path:
        """What runs now, for `ps` and `down`."""
        return self.root / "up.json"

    def worker_token(self, party: str) -> Path:
        """The token of a party's worker."""
        return self.root / "parties" / f"{party}.token"

    def worker_state(self, party: str) -> Path:
        """The folder of a party's worker."""
        return self.root / "parties" / party


def make_folder(root: Path) -> StateFolder:
    """The folder with its parts, readable by its owner only."""
    folder = StateFolder(root)
    try:
        for path in (folder.root, folder.logs, folder.broker, folder.root / "parties"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise UpError(f"cannot make the state folder {root}: {wrong.strerror}; give another --state") from wrong
    return folder


@contextmanager
def held(folder: StateFolder) -> Iterator[None]:
    """Hold the folder's lock; UpError where another `up` holds it. The kernel frees it at any death."""
    try:
        descriptor = os.open(folder.root / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as wrong:
        raise UpError(
            f"cannot write in the state folder {folder.root}: {wrong.strerror}; give another --state"
        ) from wrong
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as wrong:
            raise UpError(
                f"another `fedrota up` uses {folder.root}: see it with `fedrota ps --state {folder.root}`, "
                f"stop it with `fedrota down --state {folder.root}`, or give another --state"
            ) from wrong
        yield
    finally:
        os.close(descriptor)


def lasting_secret(path: Path) -> str:
    """The secret in the file; made of 256 random bits and kept (0600) where there is none yet."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def recall_parties(folder: StateFolder) -> tuple[PartySpec, ...]:
    """The parties of the last start with this folder."""
    path = folder.root / "parties.json"
    return tuple(PartySpec(**entry) for entry in json.loads(path.read_text())) if path.exists() else ()


def remember_parties(folder: StateFolder, parties: Iterable[PartySpec]) -> None:
    """Keep the parties for a next start that names none."""
    write_private(folder.root / "parties.json", json.dumps([asdict(party) for party in parties], indent=2))
