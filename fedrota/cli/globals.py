"""Lets `--url` and `--token` stand anywhere on the line, as people write them."""

from typing import Any, Final

from typer.core import TyperGroup

HOISTED: Final = ("--url", "--token", "--answer-timeout")


class GlobalsAnywhere(TyperGroup):
    """The root group: options of the root that follow a command are read as if they stood before it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move the root's options to the front, then parse."""
        command = next((arg for arg in args if arg in self.commands), "")
        own = {option for param in getattr(self.commands.get(command), "params", ()) for option in param.opts}
        return super().parse_args(ctx, hoist(args, [name for name in HOISTED if name not in own]))


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
