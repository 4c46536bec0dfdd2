"""Seals secrets that must be read again, with a key of the installation that the database does not hold."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

KEY_FILE: Final = "secret.key"


class SealError(Exception):
    """The key is not the one that sealed, or is none; the text says what to change."""


class Seal:
    """Seals and opens texts; `key` where the operator gives one, else the file in the state folder, made at need."""

    def __init__(self, state_dir: Path, key: str = "") -> None:
        self._path = state_dir / KEY_FILE
        self._key = key
        self._fernet: Fernet | None = None

    def close(self, text: str) -> str:
        """The sealed text."""
        return self._open_box().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text that was sealed; SealError where another key sealed it."""
        try:
            return self._open_box().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealError(
                f"the secret was sealed with another key than {self._path}: give every gateway of the installation "
                "the same key (FEDROTA_SECRET_KEY_FILE), or issue the credential anew"
            ) from None

    def _open_box(self) -> Fernet:
        if self._fernet is None:
            try:
                self._fernet = Fernet(self._key or _keep_key(self._path))
            except ValueError as wrong:
                raise SealError(
                    "FEDROTA_SECRET_KEY is no key: it must be 32 random bytes in URL-safe base64, as in "
                    "`head -c 32 /dev/urandom | base64 | tr '+/' '-_'`"
                ) from wrong
        return self._fernet


def _keep_key(path: Path) -> str:
    """The key in the file, which is made where there is none; of two that make it at once, one wins."""
    if not path.exists():
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        draft = Path(name)
        with os.fdopen(descriptor, "w") as file:
            file.write(Fernet.generate_key().decode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().strip()
