"""FATE's addresses of tables that jobs wrote: a namespace and a name that lead back to an output of a task."""

import re
from dataclasses import dataclass
from typing import Final

from scheduler.domain.references import Reference
from scheduler.store.queries.tracking import OutputView

_NAMESPACE: Final = re.compile(r"output_data_([A-Za-z0-9]{1,64})_(.{1,64})_(\d{1,6})")
_NAME: Final = re.compile(r"([^.]+)\.(.+)\.([^.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputAddress:
    """Output `output` of a job's step at one member; `version` counts FATE's way, from 0."""

    job: str
    step: str
    version: int
    role: str
    party: str
    output: str

    @property
    def namespace(self) -> str:
        """As FATE names it, e.g. `output_data_2026..._hetero_lr_0_0`."""
        return f"output_data_{self.job}_{self.step}_{self.version}"

    @property
    def name(self) -> str:
        """Says at whom the output lies."""
        return f"{self.role}.{self.party}.{self.output}"

    @property
    def reference(self) -> Reference:
        """The output as an input of a later job names it; each member gets its own."""
        return Reference(self.step, self.output, self.job)

    def fits(self, output: OutputView) -> bool:
        """Whether this is the output's address."""
        where = output.where
        theirs = (where.step, where.attempt - 1, where.role, where.party, output.name)
        return theirs == (self.step, self.version, self.role, self.party, self.output)


def address_output(job: str, output: OutputView) -> OutputAddress:
    """The address of an output."""
    where = output.where
    return OutputAddress(
        job=job, step=where.step, version=where.attempt - 1, role=where.role, party=where.party, output=output.name
    )


def find_address(namespace: str, name: str) -> OutputAddress | None:
    """The address that two names are, or None where they name an ordinary table."""
    where, whose = _NAMESPACE.fullmatch(namespace), _NAME.fullmatch(name)
    if where is None or whose is None:
        return None
    return OutputAddress(
        job=where[1], step=where[2], version=int(where[3]), role=whose[1], party=whose[2], output=whose[3]
    )
