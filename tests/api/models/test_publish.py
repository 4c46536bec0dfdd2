import sys
import types

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.models.publish import PublishError, publish

NOTICE = {"event": "load", "model_id": "m", "model_version": "1", "parties": {"guest": ["1"]}}


async def test_without_a_hook_nobody_is_told():
    await publish("", NOTICE)


async def test_a_url_gets_the_notice_as_json_and_may_refuse():
    heard = []

    async def hear(request):
        heard.append(await request.json())
        return web.Response(status=int(request.query["status"]), text="no room")

    app = web.Application()
    app.router.add_post("/models", hear)
    async with TestServer(app) as server:
        await publish(str(server.make_url("/models?status=204")), NOTICE)
        assert heard == [NOTICE]
        with pytest.raises(PublishError, match="status 507: no room"):
            await publish(str(server.make_url("/models?status=507")), NOTICE)
        with pytest.raises(PublishError, match="status 302"):
            await publish(str(server.make_url("/models?status=302")), NOTICE)


async def test_nobody_at_the_url_is_said():
    with pytest.raises(PublishError, match="cannot be told"):
        await publish("http://127.0.0.1:9/x", NOTICE)


async def test_a_function_gets_the_notice(monkeypatch):
    heard = []
    module = types.ModuleType("some_publisher")
    module.tell = heard.append
    monkeypatch.setitem(sys.modules, "some_publisher", module)
    await publish("some_publisher:tell", NOTICE)
    assert heard == [NOTICE]
    for wrong in ("some_publisher:other", "no_such_module_here:tell"):
        with pytest.raises(PublishError, match="FEDROTA_MODEL_PUBLISHER"):
            await publish(wrong, NOTICE)
