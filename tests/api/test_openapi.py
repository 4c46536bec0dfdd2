import asyncio
import sys
from pathlib import Path

import orjson
import pytest
from openapi_spec_validator import validate

from api.app import make_app
from api.keys import OPENAPI
from config.settings import Settings

ROUTES_WITHOUT_DESCRIPTION = {
    "/fedrota/v1/agent/hello",
    "/fedrota/v1/agent/sync",
    "/fedrota/v1/agent/channel",
    "/fedrota/v1/agent/attachments/{task}/{name}",
}
NATIVE = ("/fedrota/", "/docs", "/openapi", "/healthz", "/readyz", "/metrics")
SEED = 20_260_101


@pytest.fixture
def app(tmp_path):
    return make_app(Settings(state_dir=tmp_path, broker_url="redis://127.0.0.1:1/0"))


@pytest.fixture
def document(app):
    return orjson.loads(app[OPENAPI]())


def test_the_document_is_openapi(document):
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_the_page_offers_first_what_the_code_names_first(document):
    sent = document["paths"]["/fedrota/v1/parties/{party}/tables/{name}"]["put"]["requestBody"]["content"]
    assert next(iter(sent)) == "text/csv"
    assert next(iter(document["paths"])) == "/fedrota/v1/jobs"


def test_every_route_is_described_but_the_workers_own(app, document):
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.method != "HEAD" and route.resource.canonical.startswith(NATIVE)
    }
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert {path for _, path in served - described} == ROUTES_WITHOUT_DESCRIPTION
    assert described <= served


def test_every_operation_has_a_name_and_a_sentence(document):
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation["summary"].endswith(".") or ";" in operation["summary"] for operation in operations)


def test_it_is_the_same_every_time(app, tmp_path):
    again = make_app(Settings(state_dir=tmp_path, broker_url="redis://127.0.0.1:1/0"))
    assert app[OPENAPI]() == again[OPENAPI]()


def test_a_token_is_asked_for_but_at_open_routes(document):
    opened = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if operation.get("security") == []
    }
    assert opened == {"/fedrota/v1/version", "/openapi.json", "/docs", "/docs/{asset}", "/healthz", "/readyz"}


@pytest.mark.timeout(240)
async def test_schemathesis_finds_nothing(gateway, tmp_path, monkeypatch):
    """Every operation with made-up input, right and wrong: no 5xx, nothing outside the description."""
    for limit in ("TOKEN_FAILURES", "ADDRESS_FAILURES"):
        monkeypatch.setattr(f"api.throttle.{limit}", 10**9)  # it tries many wrong tokens
    await gateway.submit()
    explorer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
        "--config-file", str(Path(__file__).with_name("schemathesis.toml")), "run",
        str(gateway.server.make_url("/openapi.json")),
        "--header", f"Authorization: Bearer {gateway.tokens['admin']}",
        "--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", "4",
        "--exclude-path-regex", "^/docs", "--exclude-operation-id", "delete_token",  # it would revoke its own
        "--seed", str(SEED), "--no-color", "--no-shrink", "--suppress-health-check", "all",
        "--generation-database", "none", "--warnings", "off", "--request-timeout", "20",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path,
    )  # fmt: skip
    said, _ = await explorer.communicate()
    assert explorer.returncode == 0, said.decode()[-12_000:]
    assert (await gateway.get("/whoami")).status == 200
