"""What one of FATE's modules is in the core's words: a component, its ports and a translation of its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduler.domain.model import JsonObject

Translate = Callable[[JsonObject, str], dict[str, Any]]
"""(FATE's parameters with defaults filled in, role) -> the component's parameters; raises FateParamError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One of FATE's modules and the component that does its work.

    `params` are FATE's parameters with FATE's defaults, nested as FATE nests them: whatever a job gives beyond their
    names is refused. An empty object as a default takes any members. `inputs` maps FATE's input keys (data,
    train_data, validate_data, test_data, eval_data, model, isometric_model) to the component's ports; `data`
    and `models` are the ports behind a component's `output.data` and `output.model`, by their places in these lists.
    """

    name: str
    """As a DSL writes it, e.g. `HeteroLR`; compared without regard to case."""
    component: str
    translate: Translate
    aliases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("guest", "host")
    """The roles that take part; a job's other roles have no task in the step."""
    params: JsonObject = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    needs_deploy: bool = True
    """Whether a deployed pipeline keeps the module where a DSL does not say (FATE's own default per module)."""
    predictor: str = ""
    """The component that takes the module's place in a job that predicts; empty: the same one, with its `model` input."""
