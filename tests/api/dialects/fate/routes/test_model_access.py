import pytest
from aiohttp.test_utils import make_mocked_request

from api.dialects.fate.routes.model_access import find_by_version
from api.keys import PRINCIPAL
from scheduler.domain.access import Action, Principal, Role
from scheduler.domain.errors import ForbiddenError, NotFoundError
from tests.api.conftest import ADMIN
from tests.api.sites import MODEL_ID


async def test_a_version_names_a_model_within_the_callers_project(gateway, sites):
    job = await sites.train()
    request = make_mocked_request("POST", "/", app=gateway.app)
    request[PRINCIPAL] = ADMIN
    assert (await find_by_version(request, job, Action.CONTROL_JOB)).model_id == MODEL_ID
    request[PRINCIPAL] = Principal(name="m", kind="user", role=Role.MEMBER, org="hq", project="p1")
    with pytest.raises(ForbiddenError):
        await find_by_version(request, job, Action.CONTROL_JOB)
    request[PRINCIPAL] = Principal(name="s", kind="user", role=Role.PROJECT_ADMIN, org="hq", project="p2")
    with pytest.raises(NotFoundError):
        await find_by_version(request, job, Action.READ_JOB)
