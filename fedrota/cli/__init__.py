"""The command line `fedrota`."""

import sys


def main() -> None:
    """Run the command that the arguments name; the process ends with its exit code."""
    try:
        # Imported here: `import fedrota.cli.progress` must not load every command.
        from fedrota.cli.app import run
        from fedrota.cli.interrupts import keep_interrupts
        from fedrota.cli.streams import escape_foreign, fill_streams

        fill_streams()
        escape_foreign()
        keep_interrupts()
        run()
    except KeyboardInterrupt:  # before the command has begun, or after its end
        sys.exit(130)
