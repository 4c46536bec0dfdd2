"""What the model registry keeps of a model in FATE's words: the DSL that predicts, and the job that trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.vocabulary.fate_job import DIALECT, FateJob
from api.dialects.fate.vocabulary.predict_dsl import derive_predict_dsl
from scheduler.store.queries.jobs import get_job_detail, get_origin
from scheduler.store.queries.models import Model, find_model
from scheduler.store.tx import Tx

_DSL: Final = "fate_dsl"
_TRAINED: Final = "fate_job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model predicts and where it comes from."""

    trained: FateJob
    dsl: Mapping[str, Any] | None = None
    """The inference DSL, None where the model is not deployed."""

    def render(self) -> dict[str, Any]:
        """As the registry keeps it; `read_recipe` reads it again."""
        return {_TRAINED: self.trained.render(), _DSL: None if self.dsl is None else dict(self.dsl)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A model that may predict.

    Its parts are `<job>:<step>.<output>`; `dsl` is None for a model of version 1 that was never deployed: its
    components are then chosen by `need_deploy`.
    """

    model: Model
    job: str
    components: tuple[str, ...] | None
    dsl: Mapping[str, Any] | None
    trained: FateJob


def find_predictor(
    tx: Tx, project: str, model_id: str, model_version: str, *, needs_deployment: bool = True
) -> Predictor:
    """The model for a job that predicts; FateError (103) where there is none, or it was not deployed."""
    model = find_model(tx, project, model_id, model_version)
    if model is None:
        raise FateError(RetCode.OPERATING, f"model {model_id} {model_version} not exists in model local cache")
    recipe = read_recipe(tx, model)
    if needs_deployment and not model.is_deployed and not is_first_version(recipe.trained):
        raise FateError(
            RetCode.OPERATING,
            f"model {model_id} {model_version}: model has not been deployed yet; deploy it (model/deploy) and "
            "predict with the model_version that this gives",
        )
    return Predictor(
        model=model, job=model.job, components=model.components, dsl=recipe.dsl, trained=recipe.trained
    )  # fmt: skip


def read_recipe(tx: Tx, model: Model) -> Recipe:
    """What is known of a model; of one that no client of FATE's has touched it follows from its job or document."""
    kept = model.recipe or {}
    if _TRAINED in kept and (found := _parse_kept(kept[_TRAINED], kept.get(_DSL))) is not None:
        return found
    sent = _parse_kept(kept.get("origin") or {}, None) if kept.get("dialect") == DIALECT else None
    trained = _read_job(tx, model.job) if sent is None else sent.trained
    if model.components is None:
        return Recipe(trained=trained)
    known = [name for name in model.components if name in trained.components]
    return Recipe(trained=trained, dsl=derive_predict_dsl(trained.dsl, known))


def _read_job(tx: Tx, job: str) -> FateJob:
    return FateJob.of(get_job_detail(tx, job), get_origin(tx, job))


def _parse_kept(origin: Any, dsl: Any) -> Recipe | None:
    """The recipe; None where it is none, as in an archive that somebody has changed: others' models must be listed too."""
    try:
        trained = FateJob.parse(origin)
    except (TypeError, ValueError, AttributeError):
        return None
    documents = (trained.conf, trained.sent_conf, trained.dsl, *([] if dsl is None else [dsl]))
    is_sound = all(isinstance(each, Mapping) for each in documents) and all(
        isinstance(found := each.get("components", {}), Mapping)
        and all(isinstance(component, Mapping) for component in found.values())
        for each in documents[2:]
    )
    return Recipe(trained=trained, dsl=dsl) if is_sound else None


def is_first_version(trained: FateJob) -> bool:
    """Whether a job was sent in the form of version 1, whose models need no deployment."""
    return str(trained.sent_conf.get("dsl_version", 1)) == "1"
