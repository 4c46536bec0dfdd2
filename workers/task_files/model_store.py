"""The party's model store: parts of models copied to a folder or bucket that outlives this host, and back."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from scheduler.domain.errors import ConflictError, FedrotaError, InvalidDocumentError, NotFoundError, Problem
from workers.calls.arguments import Args, read_name, read_text
from workers.calls.safe_open import open_output
from workers.calls.serving import Answer, Op
from workers.task_files.arrivals import find_place, write_checked
from workers.workdir import Workdir

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

BLOCK_BYTES: Final = 1 << 20
MANIFEST: Final = "manifest.json"
MAX_MANIFEST_BYTES: Final = 8 << 20


class StoreMissingError(FedrotaError):
    """This party has no model store, or it does not answer."""

    code = "unreachable"


class Shelf(NamedTuple):
    """The place of one model in the store."""

    files: "FileSystem"
    folder: str


def make_model_ops(workdir: Workdir, store: str, party: str) -> Mapping[str, Op]:
    """The operations on the model store at `store` (a folder, or a URL such as s3://bucket/models).

    Several parties may have the same one: each keeps to the folder that bears its name.
    """
    return {
        "model.store": lambda args, body: store_model(workdir, _find_shelf(store, party, args), args, body),
        "model.recall": lambda args, _: recall_model(_find_shelf(store, party, args)),
        "model.fetch": lambda args, _: fetch_part(workdir, _find_shelf(store, party, args), args),
    }


def store_model(workdir: Workdir, shelf: Shelf, args: Args, body: Iterator[bytes]) -> Answer:
    """Copy the outputs in `parts` into the store, then the manifest, which is the body: with it the model is there."""
    manifest = _read_manifest(body)
    if args.get("replace") is not True and _exists(shelf, MANIFEST) and b"".join(_read(shelf, MANIFEST)) != manifest:
        raise ConflictError("the model store has this model already; send force_update to replace it")
    for part in _read_parts(args):
        with open_output(workdir.root, part) as file:
            _write(shelf, _find_path(part), iter(lambda: file.read(BLOCK_BYTES), b""))
    _write(shelf, MANIFEST, iter((manifest,)))
    return Answer()


def recall_model(shelf: Shelf) -> Answer:
    """The manifest of a stored model, as the body; NotFoundError where the store has no such model."""
    if not _exists(shelf, MANIFEST):
        raise NotFoundError("stored model", shelf.folder.rpartition("/")[2])
    return Answer(body=_read(shelf, MANIFEST))


def fetch_part(workdir: Workdir, shelf: Shelf, args: Args) -> Answer:
    """Copy a part from the store to where an arrival's file lies; its SHA-256 is checked."""
    path = _find_path(args)
    if not _exists(shelf, path):
        raise NotFoundError("stored part", path)
    size = write_checked(find_place(workdir, args), _read(shelf, path), sha256=read_text(args, "sha256"))
    return Answer(result={"size": size})


def _find_shelf(store: str, party: str, args: Args) -> Shelf:
    if not store:
        raise StoreMissingError(
            "this party has no model store: its operator sets FEDROTA_MODEL_STORE to a folder or URL"
        )
    from pyarrow.fs import FileSystem, LocalFileSystem

    names = [_quote(args, key) for key in ("project", "model_id", "version")]
    try:
        files, root = FileSystem.from_uri(store) if "://" in store else (LocalFileSystem(), store)
    except (OSError, ValueError) as wrong:
        raise StoreMissingError(f"the model store of this party cannot be used: {wrong}") from wrong
    return Shelf(files, "/".join([root.rstrip("/"), party, *names]))


def _quote(args: Args, key: str) -> str:
    """A name as part of a path: nothing in it leads elsewhere."""
    text = quote(read_text(args, key), safe="")
    if not text.strip("."):
        raise InvalidDocumentError(Problem(key, f"{text!r} cannot be stored"))
    return text if len(text) <= 200 else f"{text[:120]}-{hashlib.sha256(text.encode()).hexdigest()}"


def _read_parts(args: Args) -> Sequence[Mapping[str, Any]]:
    parts = args.get("parts")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise InvalidDocumentError(Problem("parts", "a list of objects is needed"))
    return parts


def _find_path(part: Args) -> str:
    return ".".join(read_name(part, key) for key in ("role", "step", "name"))


def _read_manifest(body: Iterator[bytes]) -> bytes:
    manifest = bytearray()
    for piece in body:
        manifest += piece
        if len(manifest) > MAX_MANIFEST_BYTES:
            raise InvalidDocumentError(Problem("body", f"the manifest is longer than {MAX_MANIFEST_BYTES} bytes"))
    try:
        json.loads(manifest)
    except ValueError as wrong:
        raise InvalidDocumentError(Problem("body", "the manifest is not JSON")) from wrong
    return bytes(manifest)


def _exists(shelf: Shelf, name: str) -> bool:
    from pyarrow.fs import FileType

    return bool(shelf.files.get_file_info(f"{shelf.folder}/{name}").type == FileType.File)


def _write(shelf: Shelf, name: str, pieces: Iterator[bytes]) -> None:
    try:
        shelf.files.create_dir(shelf.folder, recursive=True)
        with shelf.files.open_output_stream(f"{shelf.folder}/{name}") as out:
            for piece in pieces:
                out.write(piece)
    except OSError as wrong:
        raise StoreMissingError(f"the model store of this party does not take {name}: {wrong}") from wrong


def _read(shelf: Shelf, name: str) -> Iterator[bytes]:
    with shelf.files.open_input_stream(f"{shelf.folder}/{name}") as file:
        while piece := file.read(BLOCK_BYTES):
            yield piece
