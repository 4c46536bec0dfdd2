"""Where everything of a party lies on its host; the one module that knows these paths.

Standard library only: the processes of tasks import it too.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_BLOCK_BYTES: Final = 1 << 20


class PathError(ValueError):
    """A piece of a path is not a plain name."""


def check_name(name: str, what: str = "name") -> str:
    """`name` itself where it is a plain name; PathError otherwise."""
    if not NAME.fullmatch(name):
        raise PathError(
            f"{what} {name[:140]!r} is not a plain name: use letters, digits, '.', '_', '-', "
            "at most 128, beginning with a letter or digit"
        )
    return name


class Workdir:
    """The folders of one party under the state folder.

    `work/<task>/<seq>/` of running attempts, `logs/<task>/<seq>.log`, `outputs/<task>/<seq>/<name>`,
    `tables/<namespace>/<name>.parquet` with `<name>.json` beside it, `arrivals/<key>/<member>/<step>/<name>`,
    and the worker's own `spool`.
    """

    def __init__(self, state_dir: Path, party: str) -> None:
        self.root = state_dir.absolute() / f"party-{check_name(party, 'party')}"
        self.spool = self.root / "spool"
        self.tables = self.root / "tables"
        self.journal = self.root / "journal.jsonl"
        self.lock = self.root / "lock"
        self.down = self.root / "shutdown"
        """There while the worker ends because it was told to stay down."""

    def prepare(self) -> None:
        """Make the folders that always exist and throw away what attempts of a former life left."""
        for folder in (self.spool, self.tables, self.root / "outputs", self.root / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        self.down.unlink(missing_ok=True)
        shutil.rmtree(self.root / "work", ignore_errors=True)
        shutil.rmtree(self.root / "incoming", ignore_errors=True)
        shutil.rmtree(self.root / "arrivals", ignore_errors=True)

    def work(self, task: str, seq: int) -> Path:
        """The attempt's empty folder; it may not exist."""
        return self.root.joinpath("work", check_name(task, "task"), str(int(seq)))

    def log(self, task: str, seq: int) -> Path:
        """The attempt's log file; an attempt that printed nothing has none."""
        return self.root.joinpath("logs", check_name(task, "task"), f"{int(seq)}.log")

    def outputs(self, task: str, seq: int) -> Path:
        """The folder of the attempt's outputs; it may not exist."""
        return self.root.joinpath("outputs", check_name(task, "task"), str(int(seq)))

    def output(self, task: str, seq: int, name: str) -> Path:
        """The file of one output."""
        return self.outputs(task, seq) / check_name(name, "output")

    def has_outputs(self, task: str, seq: int) -> bool:
        """Whether anything lies in the folder of the attempt's outputs."""
        folder = self.outputs(task, seq)
        return folder.is_dir() and any(folder.iterdir())

    def drop_work(self, task: str, seq: int) -> None:
        """Remove the attempt's working folder."""
        _drop(self.work(task, seq))

    def drop_outputs(self, task: str, seq: int) -> None:
        """Remove the attempt's outputs."""
        _drop(self.outputs(task, seq))

    def take_away_outputs(self, task: str, seq: int) -> Path | None:
        """Move the attempt's outputs to where the next start throws them away, too; their new place, if there were any."""
        folder = self.outputs(task, seq)
        if not folder.exists():
            return None
        place = self.incoming()
        folder.replace(place)
        _drop_empty(folder.parent)
        return place

    def table(self, namespace: str, name: str) -> Path:
        """The Parquet file of a table."""
        return table_path(self.tables, namespace, name)

    def table_facts(self, namespace: str, name: str) -> Path:
        """The JSON file beside a table: columns, rows, id_column, label_column, ..."""
        return self.table(namespace, name).with_suffix(".json")

    def incoming(self) -> Path:
        """A fresh path for a file on its way in; rename it into place when it is whole."""
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid4().hex

    def arrival(self, key: str, *parts: str) -> Path:
        """The folder of files that came for a step, or one below it (member, step)."""
        return Path(self.root, "arrivals", check_name(key, "key"), *(check_name(part) for part in parts))

    def list_tables(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(namespace, name, facts) of every table, by name."""
        for file in sorted(self.tables.glob("*/*.parquet")):
            yield file.parent.name, file.stem, self.read_facts(file.parent.name, file.stem)

    def read_facts(self, namespace: str, name: str) -> dict[str, Any]:
        """A table's facts; empty where none were written."""
        try:
            facts = json.loads(self.table_facts(namespace, name).read_bytes())
        except FileNotFoundError:
            return {}
        return facts if isinstance(facts, dict) else {}

    def write_facts(self, namespace: str, name: str, facts: dict[str, Any]) -> None:
        """Replace a table's facts at once, durably."""
        file = self.table_facts(namespace, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(file, json.dumps(facts).encode())


def table_path(tables: Path, namespace: str, name: str) -> Path:
    """The Parquet file of a table below the folder `tables`."""
    return tables / check_name(namespace, "namespace") / f"{check_name(name, 'table')}.parquet"


def write_durably(file: Path, content: bytes) -> None:
    """Write `file` so that after a crash either all of it or nothing is there."""
    draft = file.with_name(f"{file.name}.draft")
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def seal_file(path: Path, name: str) -> tuple[int, str]:
    """Size and SHA-256 of a finished output, which is made durable; FileNotFoundError where there is no file."""
    if path.is_symlink() or not path.is_file():
        raise FileNotFoundError(f"output {name!r}: no file at {path} (a folder must be packed into one file)")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
        os.fsync(file.fileno())
        return file.tell(), digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make names created or removed in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _drop(folder: Path) -> None:
    """Remove `folder` and its parent where that becomes empty; a missing folder costs one system call."""
    if not folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    _drop_empty(folder.parent)


def _drop_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # it holds other attempts
