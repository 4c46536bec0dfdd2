"""Lets `--url` and `--token` stand anywhere on the line, as people write them."""

import errno
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import typer
from typer.core import TyperGroup

from fedrota.cli.exits import READER_LEFT
from fedrota.errors import FedrotaError

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
HOISTED: Final = ("--url", "--token", "--answer-timeout")


class GlobalsAnywhere(TyperGroup):
    """The root group: options of the root that follow a command are read as if they stood before it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move the root's options to the front, then parse."""
        command = next((arg for arg in args if arg in self.commands), "")
        own = {option for param in getattr(self.commands.get(command), "params", ()) for option in param.opts}
        return super().parse_args(ctx, hoist(args, [name for name in HOISTED if name not in own]))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a reader of its output that leaves, as `head` does, ends it with a code of its own."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            raise typer.Exit(READER_LEFT) from None
        except OSError as wrong:
            if wrong.errno not in FULL:
                raise
            _discard_output()
            raise FedrotaError(f"the output cannot be written: {wrong.strerror}") from wrong


def _discard_output() -> None:
    """What is still buffered would be written, and fail again, when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def asks_for_json(args: Sequence[str]) -> bool:
    """Whether `--json` stands among the options."""
    return "--json" in (args[: args.index("--")] if "--" in args else args)


def hoist(args: list[str], names: list[str]) -> list[str]:
    """`args` with each of the options `names` and its value moved to the front; what follows `--` stays."""
    end = args.index("--") if "--" in args else len(args)
    front: list[str] = []
    rest: list[str] = []
    words = iter(args[:end])
    for word in words:
        if word in names:
            value = next(words, None)
            front.extend([word] if value is None else [word, value])
        elif word.partition("=")[0] in names:
            front.append(word)
        else:
            rest.append(word)
    return [*front, *rest, *args[end:]]
