"""The example of docs/sdk.md that attaches a file, on the real system: the party's command reads the file."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults.system import System

pytestmark = pytest.mark.e2e
UNHURRIED = {"FEDROTA_LEASE_S": "60", "FEDROTA_DISPATCH_LEASE_S": "30", "FEDROTA_OFFLINE_S": "20"}
"""Nothing dies here: nobody need be missed soon."""


@pytest.fixture
def system(tmp_path: Path, valkey_binary: Path) -> Iterator[System]:
    found = System(tmp_path / "system", valkey_binary, parties=("9999",), settings=UNHURRIED, with_proxies=False)
    found.start()
    yield found
    found.end()


def test_the_command_finds_the_file_that_was_attached(system, tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs/sdk.md").read_text()
    block = next(text for text in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "attachments=" in text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEDROTA_URL", f"http://127.0.0.1:{system.port}")
    monkeypatch.setenv("FEDROTA_TOKEN", (system.state / "token").read_text().strip())
    exec(compile(block, "sdk.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == "['weights.json']\n"
    with system.client() as client:
        [job] = client.jobs().items
        system.wait(lambda: client.job(job.id).is_over, "the job has ended")
        assert client.job(job.id).state == "success", client.job(job.id).reason
        task = client.step(job.id, "train").tasks[0].id
        assert '"bias": 0.5' in "".join(client.logs(task))
        assert client.download_attachment(job.id, "weights.json", tmp_path / "back").read_text() == '{"bias": 0.5}'
        key = {"idempotency_key": "k", "attachments": {"weights.json": tmp_path / "weights.json"}}
        document = client.document(job.id)
        assert client.submit(document, **key).id == client.submit(document, **key).id
        client.delete(job.id)
        files = [*system.site("9999").glob(f"logs/{task}*")]
        assert files
        system.wait(lambda: not files[0].exists(), "the party has deleted the log of the deleted job")
