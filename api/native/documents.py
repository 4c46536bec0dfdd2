"""The bodies that clients send: the job document and the small ones beside it."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from api.parsing import Body

MAX_SECONDS: Final = 10 * 365 * 86400.0
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
LABEL_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$"


def _to_text(given: Any) -> Any:
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


PartyId = Annotated[
    str,
    BeforeValidator(_to_text),
    Field(min_length=1, max_length=64),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1, "maxLength": 64}, {"type": "integer"}]}),
]
Seconds = Annotated[float, Field(gt=0, le=MAX_SECONDS)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Params = Annotated[dict[str, Any], Field(description="Parameters by name; their component's schema says which.")]


def _shown_as(**example: Any) -> ConfigDict:
    """An example of the whole body: what the API page sends unless it is changed there."""
    return ConfigDict(json_schema_extra={"examples": [example]})


def _drop_default(schema: dict[str, Any]) -> None:
    """The default only says that the field was left out; it is no value that a client may send."""
    schema.pop("default", None)


class RetryDocument(Body):
    """When a failed attempt of a step is followed by another."""

    attempts: int = Field(default=3, ge=1, le=100, description="All tries together.")
    backoff_s: float = Field(
        default=2.0, ge=0, le=86400, description="The longest first pause; each next may be twice as long."
    )
    cap_s: float = Field(default=300.0, ge=0, le=86400, description="No pause is longer.")
    on: list[Literal["error", "exit", "timeout", "invalid", "lost", "interrupted", "unreachable", "limit"]] = Field(
        default=["lost", "unreachable", "interrupted"], max_length=8, description="Kinds of failure worth another try."
    )


_RETRY: Final = RetryDocument()


class StepDocument(Body):
    """One step: a component or a command, run by every party of its roles together."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["component"]}, {"required": ["command"]}],
            "dependentRequired": {"image": ["command"], "outputs": ["command"]},
        }
    )

    name: str = Field(
        pattern=NAME_PATTERN, description="Unique in the job; 1 to 64 letters, digits, '_' and '-'.", examples=["train"]
    )
    component: str = Field(
        default="", min_length=1, max_length=200, description="A component that the parties' workers offer.",
        examples=["homo_lr"], json_schema_extra=_drop_default,
    )  # fmt: skip
    command: list[str] = Field(
        default_factory=list, min_length=1, max_length=1000,
        description="A program and its arguments, never a shell line; {param.x}, {input.x}, {output.x} are filled in.",
        examples=[["python", "train.py", "--rounds", "{param.rounds}"]], json_schema_extra=_drop_default,
    )  # fmt: skip
    image: str = Field(
        default="",
        min_length=1,
        max_length=500,
        description="Runs the command in a container of this image.",
        json_schema_extra=_drop_default,
    )
    outputs: dict[Word, Literal["table", "model", "file"]] = Field(
        default_factory=dict, max_length=100, description="What a command leaves behind: name to kind."
    )
    params: Params = Field(default_factory=dict, description="Parameters for every party.")
    overrides: dict[str, Params] = Field(
        default_factory=dict,
        description="Parameters for some: by role, or by role.position counted from 0; merged over `params`.",
        examples=[{"guest": {"table": "breast_guest"}, "host.1": {"table": "breast_b"}}],
    )
    inputs: dict[Word, str] = Field(
        default_factory=dict, max_length=100,
        description="Input port to `step.output`, which implies that step as a need, or to an earlier job's `job:step.output`.",
        examples=[{"train": "scale.data"}],
    )  # fmt: skip
    needs: list[str] = Field(default_factory=list, max_length=1000, description="Steps that must succeed first.")
    roles: list[str] | None = Field(default=None, description="The roles that take part; default: all of the job's.")
    services: list[str] = Field(
        default_factory=list, max_length=100,
        description="Roles that only serve the others: they are ended once all others have succeeded.",
    )  # fmt: skip
    retry: RetryDocument = Field(default_factory=lambda: _RETRY, description="When a failed attempt is tried again.")
    timeout_s: Seconds | None = Field(default=None, description="Longest time that a task may run.")
    slots: int = Field(default=1, ge=1, le=1024, description="Slots that each task takes at its party.")
    gang: bool | None = Field(
        default=None, description="Start only when all parties can run it at once; default: if the component exchanges."
    )

    @model_validator(mode="after")
    def _one_way_to_run(self) -> Self:
        if bool(self.component) == bool(self.command):
            raise ValueError("give either component or command: exactly one of the two")
        if self.component and (self.image or self.outputs):
            raise ValueError("image and outputs belong to a command; a component declares its own")
        return self


class JobDocument(Body):
    """A job: a graph of steps over roles and parties."""

    model_config = _shown_as(
        name="toy",
        parties={"guest": ["9999"], "host": ["10000", "10001"]},
        steps=[{"name": "sum", "component": "toy", "params": {"length": 1000, "rounds": 10}}],
    )

    name: Name = Field(description="Shown in lists; need not be unique.", examples=["breast-lr"])
    parties: dict[str, list[PartyId]] = Field(
        min_length=1, max_length=100, description="Role to the ids of the parties in it, in the order that counts.",
        examples=[{"guest": ["9999"], "host": ["10000", "10001"]}],
    )  # fmt: skip
    steps: list[StepDocument] = Field(min_length=1, max_length=1000, description="In any order; the needs decide.")
    priority: int = Field(default=0, ge=-10, le=10, description="Higher goes first.")
    deadline_s: Seconds | None = Field(default=None, description="The job is stopped when it has not ended by then.")
    attachments: dict[FileName, str] = Field(
        default_factory=dict, max_length=100,
        description="Files that the job carries to its parties: name to the id of an uploaded file.",
    )  # fmt: skip
    labels: dict[Annotated[str, Field(pattern=LABEL_PATTERN)], Annotated[str, Field(max_length=256)]] = Field(
        default_factory=dict, max_length=64, description="For finding the job again.", examples=[{"team": "risk"}]
    )


class StopBody(Body):
    """Why a job is to stop."""

    model_config = _shown_as(reason="the wrong data")

    reason: str = Field(default="", max_length=1000, description="Shown with everything that is stopped.")


class RerunBody(Body):
    """From where a job runs again."""

    model_config = _shown_as(from_step="sum")

    from_step: str | None = Field(default=None, max_length=64, description="Default: every step that did not succeed.")


class CloneBody(Body):
    """What is to differ in the copy of a job."""

    model_config = _shown_as(name="toy-again", params={"sum": {"rounds": 20}})

    name: Name | None = None
    params: dict[str, Params] = Field(default_factory=dict, description="Step to the parameters that change there.")


class PartyBody(Body):
    """A party to register."""

    model_config = _shown_as(id="10002", org="hospital-c", slots=4)

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="The party's id, for good.")
    org: str = Field(default="", max_length=200, description="Its organisation; default: the caller's.")
    slots: int | None = Field(
        default=None, ge=1, le=1024, description="Running tasks at once; default: as its worker says."
    )


class PartyChange(Body):
    """What is to change in a party."""

    model_config = _shown_as(slots=8)

    org: str | None = Field(default=None, min_length=1, max_length=200)
    slots: int | None = Field(default=None, ge=1, le=1024, description="Stays so whatever its worker says.")


class ClientBody(Body):
    """A credential for a client that signs its requests."""

    model_config = _shown_as(name="risk-team", role="lead")

    name: Name = Field(description="Whom it is for; its jobs belong to this name.")
    role: Literal["project_admin", "org_admin", "lead", "member"] = Field(default="lead", description="What it may.")
    org: str | None = Field(default=None, min_length=1, max_length=200, description="Default: the caller's.")
    project: str | None = Field(default=None, min_length=1, max_length=200, description="Default: the caller's.")
    expires_s: Seconds | None = Field(default=None, description="How long it is good; default: until revoked.")


class TokenBody(Body):
    """A token to issue."""

    model_config = _shown_as(kind="user", name="alice", role="lead")

    kind: Literal["user", "worker"]
    name: Name = Field(description="Whom it is for; a user's jobs belong to this name.")
    role: Literal["project_admin", "org_admin", "lead", "member"] | None = Field(default=None, description="Of a user.")
    org: str | None = Field(default=None, min_length=1, max_length=200, description="Of a user; default: the caller's.")
    project: str | None = Field(default=None, min_length=1, max_length=200, description="Default: the caller's.")
    party: str | None = Field(default=None, min_length=1, max_length=64, description="Of a worker.")
    expires_s: Seconds | None = Field(default=None, description="How long it is good; default: until revoked.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "user" and (self.party is not None or self.role is None):
            raise ValueError("a user's token needs a role and has no party")
        if self.kind == "worker" and (self.party is None or self.role is not None):
            raise ValueError("a worker's token needs a party and has no role")
        return self
