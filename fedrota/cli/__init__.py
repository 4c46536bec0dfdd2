"""The command line `fedrota`."""


def main() -> None:
    """Run the command that the arguments name; the process ends with its exit code."""
    # Imported here: `import fedrota.cli.progress` must not load every command.
    from fedrota.cli.app import run
    from fedrota.cli.interrupts import keep_interrupts

    keep_interrupts()
    run()
