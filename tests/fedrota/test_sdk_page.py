"""The code on docs/sdk.md runs, and its table of methods is complete."""

import re

import pytest
import yaml

from api.native.documents import JobDocument
from fedrota import Client
from workers.components.catalog import list_builtin

BLOCK = r"```python\n(.*?)```"


@pytest.fixture
def page(repository):
    return (repository / "docs" / "sdk.md").read_text(encoding="utf-8")


def test_every_block_runs(page, gateway, capsys):
    table = gateway.answers["GET", "/parties/9999/tables/breast"][1]
    gateway.on("PUT", "/parties/9999/tables/breast", table, 201)
    for verb in ("drain", "resume"):
        gateway.on("POST", f"/parties/9999/{verb}", {"id": "9999"})
    gateway.on("POST", "/attachments", {"id": "b1"}, 201)
    gateway.on("GET", "/jobs/j-1/attachments", [{"id": "b1", "name": "weights.json"}])
    problems = [{"where": "steps.0.component", "message": "is unknown", "hint": "one of homo_lr"}]
    blocks = re.findall(BLOCK, page, re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        if "InvalidError" in block:
            gateway.refuse("POST", "/jobs", 422, code="invalid", message="wrong", problems=problems)
        exec(compile(block, "sdk.md", "exec"), {"__name__": "__main__"})
        gateway.on("POST", "/jobs", gateway.job, 201)
    printed = capsys.readouterr().out
    for words in (
        "success",
        "9999 1.0 0.5",
        "['weights.json']",
        "line 3",
        "9999 model model 5",
        "steps.0.component is unknown one of homo_lr",
    ):
        assert words in printed


def test_every_job_on_the_page_is_a_whole_document(page, gateway):
    """As the gateway reads it; every step that trains or prepares is connected to what it reads."""
    sent = [yaml.safe_load(each) for each in re.findall(r'document = """(.*?)"""', page, re.DOTALL)]
    sent.append(_submit(gateway, next(each for each in re.findall(BLOCK, page, re.DOTALL) if "AsyncClient" in each)))
    components = {info.name: info for info in list_builtin()}
    for document in sent:
        for step in JobDocument.model_validate(document).steps:
            needed = {"data", "train"} & set(components[step.component].inputs) if step.component != "noop" else set()
            assert needed <= set(step.inputs), step.name


def _submit(gateway, block):
    """What a block sends."""
    gateway.on("POST", "/jobs", gateway.job, 201)
    exec(compile(block, "sdk.md", "exec"), {"__name__": "__main__"})
    (posted,) = [each.json for each in gateway.asked if (each.method, each.path) == ("POST", "/jobs")]
    return posted


def test_every_method_is_listed(page):
    listed = set(re.findall(r"`(\w+)`", page.partition("## Methods")[2]))
    public = {name for name, value in vars(Client).items() if not name.startswith("_") and callable(value)}
    assert public - {"close", "send", "load"} <= listed
    assert listed - {"Client"} <= public
