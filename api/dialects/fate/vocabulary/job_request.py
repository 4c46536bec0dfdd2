"""A job that was asked for, before anything is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.dialects.fate.requests.conf import RuntimeConf
from api.dialects.fate.requests.job_settings import JobSettings
from api.dialects.fate.vocabulary.fate_job import FateJob
from scheduler.domain.model import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The model that a job predicts with: its job, and where the parts lie of what that job inherited itself."""

    job: str
    fate: FateJob

    def locate(self) -> dict[str, str]:
        """Component -> the job that holds its outputs."""
        return {name: self.fate.find_holder(name, self.job) for name in self.fate.components}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job that was asked for: what was sent, and what it builds on."""

    conf: RuntimeConf
    settings: JobSettings
    dsl: JsonObject
    sent_conf: JsonObject
    sent_dsl: JsonObject
    trained: Trained | None = None
    inherited: Mapping[str, str] = field(default_factory=dict)
    """Component -> the earlier job that holds its outputs."""
    slots: Mapping[str, int] = field(default_factory=dict)
    """Party -> its slots, where known."""
    warnings: tuple[str, ...] = ()
