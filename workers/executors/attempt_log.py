"""The log of one attempt: a file that appears with the first byte and has a greatest size."""

from io import FileIO
from pathlib import Path


class AttemptLog:
    """Takes what an attempt prints; a full disk or a full log loses lines, never the attempt."""

    def __init__(self, path: Path, *, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._file: FileIO | None = None
        self._is_cut = False
        self.size = 0
        self.problem = ""

    def write(self, piece: bytes | memoryview) -> None:
        """Add what fits; the first piece that does not is followed by a line that says so."""
        if self._is_cut:
            return
        room = self._limit - self.size
        self._append(piece[:room])
        if len(piece) > room:
            self._cut(f"the log is cut here: it reached {self._limit} bytes, what follows was not kept")

    def close(self) -> None:
        """Nothing comes any more; what comes all the same, from a process left behind, is not kept."""
        self._is_cut = True
        if self._file is not None:
            self._file.close()
            self._file = None

    def tail(self, size: int) -> str:
        """The last `size` bytes as text."""
        if not self.size:
            return ""
        with self._path.open("rb") as file:
            file.seek(max(0, self.size - size))
            return file.read(size).decode(errors="replace")

    def _cut(self, why: str) -> None:
        self._append(f"\n[fedrota] {why}\n".encode())
        self._is_cut = True

    def _append(self, piece: bytes | memoryview) -> None:
        if not piece:
            return
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = FileIO(self._path, "w")
            self.size += self._file.write(piece) or 0
        except OSError as wrong:
            self._is_cut = True
            self.problem = f"the log could not be written: {wrong}"
