"""Looks for a pattern in a file, in a process of its own that is ended when it takes too long."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import BinaryIO, Final

from scheduler.domain.errors import InvalidDocumentError, Problem
from workers.console.text_lines import MAX_BYTES

LIMIT_S: Final = 5.0
_CHILD: Final = """\
import re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({cpu}, {cpu}))
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
pattern, flags, most = re.compile(sys.argv[1], re.IGNORECASE if "i" in sys.argv[2] else 0), sys.argv[2], int(sys.argv[3])
place = number = 0
out = sys.stdout
for line in sys.stdin.buffer:
    number += 1
    text = line.decode(errors="replace").rstrip("\\n")
    if pattern.search(text):
        head = (f"{{number}}:" if "n" in flags else "") + (f"{{place}}:" if "b" in flags else "")
        most -= len(head) + len(text) + 1
        if most < 0:
            out.write("... cut\\n")
            break
        out.write(head + text + "\\n")
    place += len(line)
""".format(cpu=int(LIMIT_S), memory=512 << 20)
_SWAPPED: Final = frozenset("+?|(){}")
"""In grep's basic patterns these are plain signs, and special behind a backslash."""


def run_grep(file: BinaryIO, pattern: str, options: AbstractSet[str]) -> Iterator[str]:
    """The lines in which `pattern` (as grep's basic ones) is found; closes the file."""
    with file:
        translated = translate(pattern)
        argv = [sys.executable, "-I", "-S", "-c", _CHILD, translated, "".join(sorted(options)), str(MAX_BYTES)]
        try:
            done = subprocess.run(
                argv, stdin=file, capture_output=True, timeout=LIMIT_S, check=False, env={"PYTHONUTF8": "1"}, cwd=os.sep
            )
        except subprocess.TimeoutExpired:
            return iter([f"grep: the pattern took longer than {LIMIT_S:g} s\n"])
    if done.returncode:
        return iter([f"grep: the pattern took longer than {LIMIT_S:g} s, or too much memory\n"])
    return iter([done.stdout.decode(errors="replace")])


def translate(pattern: str) -> str:
    """A basic pattern in Python's words; InvalidDocumentError where it is none."""
    made: list[str] = []
    signs = iter(pattern)
    for sign in signs:
        if sign == "\\":
            following = next(signs, "")
            made.append(following if following in _SWAPPED else f"\\{following}")
        else:
            made.append(f"\\{sign}" if sign in _SWAPPED else sign)
    text = "".join(made)
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as wrong:
        raise InvalidDocumentError(Problem("pattern", f"is no pattern: {wrong}")) from wrong
    return text
