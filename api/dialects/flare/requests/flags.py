"""The words behind a command: options and arguments as FLARE's consoles write them."""

import argparse
import re
from collections.abc import Sequence
from typing import Final, NoReturn

from api.dialects.flare.errors import FlareError, MetaStatus

MAX_WORDS: Final = 64
WRONG_FORM: Final = "submit_token must be non-empty, at most 128 characters, and match ^[A-Za-z0-9._:-]{1,128}$"
_SUBMIT_TOKEN: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


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


def read_submit_words(words: Sequence[str]) -> argparse.Namespace:
    """The `job_folder` and the `submit_token` (or None) of `submit_job`; FlareError where they are wrong."""
    flags = Flags("submit_job")
    flags.add_argument("job_folder")
    flags.add_argument("--submit-token", default=None)
    found = flags.read(words)
    check_submit_token(found.submit_token)
    return found


def check_submit_token(token: str | None) -> None:
    """FlareError where a token is none; None is no token."""
    if token is not None and not _SUBMIT_TOKEN.fullmatch(token):
        raise FlareError(MetaStatus.SYNTAX_ERROR, WRONG_FORM)


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
    flags.add_argument("-t", "--submit-token", dest="submit_token", default=None)
    return flags


def take_one(words: Sequence[str], command: str, what: str) -> str:
    """The only word; FlareError where there is none, or more."""
    if len(words) != 1 or not words[0]:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"usage: {command} {what}")
    return words[0]
