"""Ids for the shell's completion, asked of the gateway; without one there is simply nothing to offer."""

from collections.abc import Iterator
from typing import Annotated, Final

import typer

from fedrota.client import Client
from fedrota.errors import FedrotaError

PATIENCE_S: Final = 1.0
RECENT: Final = 50


def _connect(ctx: typer.Context) -> Client:
    """A client from the options on the line being typed; no command has run that could have set it up."""
    given = ctx.find_root().params
    return Client(given.get("url"), given.get("token"), timeout_s=PATIENCE_S)


def complete_job(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The youngest jobs with name and state."""
    return [pair for pair in _ask_jobs(ctx) if pair[0].startswith(incomplete)]


def complete_party(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The parties with their organisation."""
    return [pair for pair in _ask_parties(ctx) if pair[0].startswith(incomplete)]


def complete_step(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The steps of the job that stands before on the line."""
    return [pair for pair in _ask_steps(ctx) if pair[0].startswith(incomplete)]


def _ask_jobs(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    try:
        with _connect(ctx) as client:
            yield from ((job.id, f"{job.name}, {job.state}") for job in client.jobs(limit=RECENT).items)
    except FedrotaError:
        return  # the prompt is no place for an error


def _ask_parties(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    try:
        with _connect(ctx) as client:
            yield from ((party.id, party.org or "") for party in client.parties().items)
    except FedrotaError:
        return


def _ask_steps(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    # Behind an option that still lacks its value the words before it are not parsed yet.
    job = ctx.params.get("job") or ctx.params.get("target") or next(iter(ctx.args), None)
    if not job:
        return
    try:
        with _connect(ctx) as client:
            yield from ((step.name, step.state) for step in client.job(job).steps)
    except FedrotaError:
        return


JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.", autocompletion=complete_job)]
PartyId = Annotated[str, typer.Argument(metavar="PARTY", help="The party's id.", autocompletion=complete_party)]
StepOption = Annotated[str | None, typer.Option("--step", help="Only this step.", autocompletion=complete_step)]
PartyOption = Annotated[str | None, typer.Option("--party", help="Only this party.", autocompletion=complete_party)]
