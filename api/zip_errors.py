"""What Python raises over a zip archive that somebody else has made."""

import lzma
import zipfile
import zlib
from typing import Final

UNREADABLE: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, OSError, ValueError, IndexError,
)  # fmt: skip
"""What zipfile and its unpackers raise: RuntimeError for a password or a way of packing that Python lacks, ValueError for a
name that is no text or a place before the file's beginning, IndexError for a name that is empty, and bzip2's error is an
OSError without a number."""
