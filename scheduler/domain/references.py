"""References to outputs, as a step's inputs write them: `step.output`, or `job:step.output` for an earlier job's."""

import re
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(r"(?:(?P<job>[A-Za-z0-9]{1,64}):)?(?P<step>[^.:]+)\.(?P<output>[^:]+)")


@dataclass(frozen=True, slots=True)
class Reference:
    """Output `output` of step `step`, in the same job where `job` is empty."""

    step: str
    output: str
    job: str = ""

    def __str__(self) -> str:
        return f"{self.job}:{self.step}.{self.output}" if self.job else f"{self.step}.{self.output}"


def find_reference(text: str) -> Reference | None:
    """The reference that a text is, or None where it has not the form of one."""
    found = _FORM.fullmatch(text)
    return Reference(found["step"], found["output"], found["job"] or "") if found else None
