"""The words behind a command: options and arguments as FLARE's consoles write them."""

import argparse
from collections.abc import Sequence
from typing import Final, NoReturn

from api.dialects.flare.errors import FlareError, MetaStatus

MAX_WORDS: Final = 64


class Flags(argparse.ArgumentParser):
    """A parser that refuses instead of ending the process."""

    def __init__(self, command: str) -> None:
        super().__init__(prog=command, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Refuse."""
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"{self.prog}: {message}")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The values of the words; FlareError where they are wrong."""
        if len(words) > MAX_WORDS:
            self.error(f"at most {MAX_WORDS} words")
        return self.parse_args(list(words))


def make_list_flags() -> Flags:
    """The options of `list_jobs`."""
    flags = Flags("list_jobs")
    flags.add_argument("job_id_prefix", nargs="?", default="")
    flags.add_argument("-d", dest="detailed", action="store_true")
    flags.add_argument("-u", dest="own", action="store_true")
    flags.add_argument("-r", dest="reverse", action="store_true")
    flags.add_argument("-n", dest="name_prefix", default="")
    flags.add_argument("-m", dest="limit", type=int, default=0)
    flags.add_argument("-s", dest="study", default="")
    flags.add_argument("-t", dest="submit_token", default="")
    return flags


def take_one(words: Sequence[str], command: str, what: str) -> str:
    """The only word; FlareError where there is none, or more."""
    if len(words) != 1 or not words[0]:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"usage: {command} {what}")
    return words[0]
