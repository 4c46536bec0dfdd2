import hashlib
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import api.native

DOCS = Path(api.native.__file__).parent / "docs"


async def test_the_version(gateway):
    found = (await gateway.get("/version", token=None)).json
    assert found["api"] == "v1"
    assert found["version"]


async def test_the_job_schema_knows_right_from_wrong(gateway):
    schema = (await gateway.get("/schemas/job")).json
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    step = {"name": "read", "component": "reader"}
    document = {"name": "x", "parties": {"guest": [9999, "10000"]}, "steps": [step]}
    assert check.is_valid(document)
    for wrong in (
        {**document, "nam": 1},
        {**document, "priority": 11},
        {**document, "steps": [{"name": "a"}]},
        {**document, "steps": [{**step, "command": ["x"]}]},
        {**document, "steps": [{**step, "image": "x"}]},
    ):
        assert not check.is_valid(wrong)


async def test_everything_in_the_job_schema_is_described(gateway):
    schema = (await gateway.get("/schemas/job")).json
    for kind in (schema, *schema["$defs"].values()):
        plain = {
            name for name, found in kind["properties"].items() if "description" not in found and "$ref" not in found
        }
        assert not plain


async def test_the_gateways_address_leads_to_the_docs_page(gateway):
    address = gateway.server.make_url("/")
    answer = await gateway.session.get(address, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/docs")


@pytest.mark.parametrize("path", ["/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"])
async def test_the_docs_page_needs_nothing_from_elsewhere(gateway, path):
    answer = await gateway.get(path, token=None)
    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    if path in {"/docs", "/docs/start.js"}:
        assert not re.search(rb"https?://", answer.raw)


async def test_only_parts_of_the_page_are_served(gateway):
    for path in ("/docs/VENDORED.md", "/docs/..%2Fjobs.py", "/docs/x"):
        assert (await gateway.get(path, token=None)).status == 404


def test_the_vendored_files_are_the_recorded_ones():
    recorded = dict(re.findall(r"\| (swagger-\S+) \| ([0-9a-f]{64}) \|", (DOCS / "VENDORED.md").read_text()))
    assert recorded.keys() == {"swagger-ui-bundle.js", "swagger-ui.css"}
    for name, digest in recorded.items():
        assert hashlib.sha256((DOCS / name).read_bytes()).hexdigest() == digest
