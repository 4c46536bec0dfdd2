"""How long `make demo` takes when everything is installed, and the training job in it alone."""

import re
import subprocess
import time
from pathlib import Path

from benchmarks.figures import Figure

ROOT = Path(__file__).parents[1]


def measure_demo() -> list[Figure]:
    """The second run of the command; RuntimeError where one fails."""
    _run()
    total_s, job_s = _run()
    how = "second run, everything installed"
    return [
        Figure(name="`make demo`, whole command", profile="embedded", value=total_s, unit="s", goal="10 s", detail=how),
        Figure(name="`make demo`, the training job", profile="embedded", value=job_s, unit="s", goal="1 s", detail=how),
    ]


def _run() -> tuple[float, float]:
    begin = time.perf_counter()
    done = subprocess.run(["make", "demo"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    total_s = time.perf_counter() - begin
    said = re.search(r"success in ([\d.]+) s", done.stdout)
    if done.returncode or said is None:
        raise RuntimeError(f"make demo failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return total_s, float(said.group(1))
