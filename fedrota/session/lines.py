"""Command lines as FLARE's consoles write them: words between spaces, or quoted as in a shell.

Source: NVIDIA FLARE 2.9.0, module `nvflare.fuel.hci.cmd_arg_utils`.
"""

import re
import shlex


def split(line: str) -> list[str]:
    """The words of a line, by its quotes where it has any and they fit, else by spaces; one word may be empty."""
    if '"' in line or "'" in line:
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        if words:
            return words
    return re.split(" +", line.strip())


def join(*words: str) -> str:
    """The line of these words as FLARE's client writes it, for those that have spaces or quotes in quotes."""
    return " ".join(map(_quote, words))


def _quote(word: str) -> str:
    if not re.search(r'[\s"\\]', word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
