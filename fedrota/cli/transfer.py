"""The bar beside an upload or download."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from fedrota.cli.show import make_error_console
from fedrota.files import Progress as Report


@contextmanager
def transfer_bar(label: str, total: int | None) -> Iterator[Report]:
    """A bar on standard error, gone when the block ends; the value is what the SDK reports to."""
    console = make_error_console()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)

        def report(done: int, of: int | None) -> None:
            bar.update(task, completed=done, total=of or total)

        yield report
