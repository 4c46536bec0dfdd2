"""The session's exceptions: ours alone, and FLARE's own where it is installed."""

import subprocess
import sys
from pathlib import Path

from fedrota.session import outcomes

ROOT = Path(__file__).parents[3]
NVFLARE = """
class NoConnection(ConnectionError): pass
class JobNotFound(Exception): pass
class SubmitTokenConflict(Exception): pass
"""


def test_they_derive_as_flares_do():
    assert issubclass(outcomes.NoConnection, ConnectionError)
    assert issubclass(outcomes.SessionExpired, outcomes.SessionClosed)
    assert outcomes.SubmitTokenConflict("x", "7").existing_job_id == "7"
    assert outcomes.SubmitTokenJobDeleted("x", "7", "s").job_id == "7"
    assert outcomes.CommandError("E1", "no", "do this").hint == "do this"
    assert str(outcomes.CommandError("E1")) == outcomes.CommandError("E1").message == "E1"
    assert outcomes.AuthenticationError("x", auth_code="A").auth_code == "A"
    assert outcomes.AuthenticationError().auth_code is None


def test_where_flare_is_installed_its_classes_are_taken(tmp_path):
    package = tmp_path / "nvflare" / "fuel" / "flare_api"
    package.mkdir(parents=True)
    for folder in (package, *package.parents[:2]):
        (folder / "__init__.py").write_text("")
    (package / "api_spec.py").write_text(NVFLARE)
    code = (
        "import nvflare.fuel.flare_api.api_spec as spec; from fedrota import flare;"
        "print(flare.JobNotFound is spec.JobNotFound, flare.SubmitTokenConflict is spec.SubmitTokenConflict,"
        "flare.JobTimeout.__name__)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert said.stdout.split() == ["True", "True", "JobTimeout"]
