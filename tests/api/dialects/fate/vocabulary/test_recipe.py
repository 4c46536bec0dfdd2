import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.recipe import Recipe, find_predictor, is_first_version, read_recipe
from scheduler.service.audit import Actor
from scheduler.service.models import Deployment, ModelName, deploy_model
from scheduler.store.queries.models import get_model
from tests.api.conftest import ADMIN, now
from tests.api.sites import MODEL_ID


async def test_a_model_predicts_once_it_is_deployed(gateway, sites):
    job = await sites.train()
    with gateway.store.read() as tx:
        with pytest.raises(FateError, match="not exists in model local cache") as refused:
            find_predictor(tx, "p1", MODEL_ID, "7")
        assert refused.value.retcode == 103
        with pytest.raises(FateError, match="model has not been deployed yet"):
            find_predictor(tx, "p1", MODEL_ID, job)
        trained = read_recipe(tx, get_model(tx, "p1", MODEL_ID, job)).trained
    dsl = {"components": {"lr_0": {"module": "HomoLR"}}}
    recipe = Recipe(trained=trained, dsl=dsl).render()
    name = ModelName(project="p1", model_id=MODEL_ID, version=job)
    with gateway.store.write() as tx:
        wish = Deployment(version="v2", components=("lr_0",), recipe=recipe)
        deploy_model(tx, name, wish, by=Actor(ADMIN), now=now())
        foreign = {"dialect": "fate", "origin": trained.render()}
        wish = Deployment(version="v3", components=("lr_0", "gone"), recipe=foreign)
        deploy_model(tx, name, wish, by=Actor(ADMIN), now=now())
    with gateway.store.read() as tx:
        found = find_predictor(tx, "p1", MODEL_ID, "v2")
        assert (found.job, found.components, found.dsl, found.trained) == (job, ("lr_0",), dsl, trained)
        derived = find_predictor(tx, "p1", MODEL_ID, "v3")
        assert (list(derived.dsl["components"]), derived.trained) == (["lr_0"], trained)


def test_the_first_version_of_the_dsl_needs_no_deployment():
    assert is_first_version(FateJob(sent_conf={}))
    assert is_first_version(FateJob(sent_conf={"dsl_version": "1"}))
    assert not is_first_version(FateJob(sent_conf={"dsl_version": "2"}))
