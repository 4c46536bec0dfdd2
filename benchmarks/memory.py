"""What an idle system weighs: proportional set size of every process of ours."""

from pathlib import Path

import psutil

from benchmarks.figures import Figure
from benchmarks.system import System


def measure_memory(system: System) -> list[Figure]:
    """Gateway, scheduler, broker and workers with their children; the supervisor is shown beside."""
    top = psutil.Process(system.pid)
    parts = [(_name(process), read_pss_mib(process.pid)) for process in top.children(recursive=True)]
    how = ", ".join(f"{name} {size:.0f}" for name, size in sorted(parts))
    return [
        Figure(
            name="idle memory (PSS)",
            profile=system.profile,
            value=sum(size for _, size in parts),
            unit="MiB",
            goal="450 MiB",
            detail=how,
        ),
        Figure(
            name="idle memory of `fedrota up` itself",
            profile=system.profile,
            value=read_pss_mib(system.pid),
            unit="MiB",
        ),
    ]


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    if "-m" in words:
        return words[words.index("-m") + 1]
    return Path(words[0]).name if words else process.name()


def read_pss_mib(pid: int) -> float:
    """A process's proportional set size in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no PSS for process {pid}")
