"""What one of FATE 2.x's components is in the words of FATE 1.x: a module, its keys, and its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.dialects.fate.vocabulary.params import fill_defaults
from scheduler.domain.model import JsonObject

TRAIN: Final = "train"
PREDICT: Final = "predict"
CROSS: Final = "cross_validation"
DEFAULT: Final = "default"
STAGES: Final = (TRAIN, PREDICT, CROSS, DEFAULT)
DATA: Final = "data"
MODEL: Final = "model"
NULL_SPEAKS: Final = ("batch_size",)
"""Parameters that are null on purpose: all samples at once."""

Translate = Callable[[JsonObject, str], dict[str, Any]]
"""(2.x's parameters with defaults filled in, stage) -> the module's parameters; raises FateParamError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of a component: its kind, the stages that leave it (empty: all), its place among the module's."""

    key: str
    kind: str = DATA
    stages: tuple[str, ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRef:
    """One of FATE 2.x's components.

    `inputs` maps its input keys to those of the module's DSL: `data.train_data`, `model`, `isometric_model`.
    """

    name: str
    """As a DAG's `component_ref` writes it, e.g. `coordinated_lr`."""
    module: str
    translate: Translate
    params: JsonObject = field(default_factory=dict)
    """2.x's parameters with its defaults; other names are refused."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    unaligned: str = ""
    """The module that works instead where `hetero_sync` is false."""

    def fill(self, given: JsonObject) -> dict[str, Any]:
        """`given` over the defaults, for which null stands too, as 2.x's pipeline has it for what was not given."""
        told = {
            name: value
            for name, value in given.items()
            if value is not None or self.params.get(name) is None or name in NULL_SPEAKS
        }
        return fill_defaults(self.params, told)

    def pick_module(self, params: JsonObject) -> str:
        """The module that does the work with these parameters."""
        return self.unaligned if self.unaligned and params.get("hetero_sync") is False else self.module

    def list_outputs(self, kind: str, stage: str) -> list[Output]:
        """What a task in this stage leaves, by place."""
        return [each for each in self.outputs if each.kind == kind and (not each.stages or stage in each.stages)]


def make_in_out(*, data: str = "output_data") -> tuple[Output, ...]:
    """The one table that a component leaves in every stage."""
    return (Output(key=data),)


TRAINED: Final = (
    Output(key="train_output_data", stages=(TRAIN, DEFAULT)),
    Output(key="test_output_data", stages=(PREDICT,)),
    Output(key="cv_output_datas", stages=(CROSS,)),
    Output(key="output_model", kind=MODEL, stages=(TRAIN, DEFAULT)),
)
"""What models and other components that learn leave."""
