"""`python -m benchmarks [--only NAME ...] [--profile embedded|postgres] [--out FILE]`: the whole table in one run."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.client import PARTIES, SLOTS, Load, connect
from benchmarks.components import measure_components
from benchmarks.demo import measure_demo
from benchmarks.exchange import measure_exchange
from benchmarks.fate import PARTIES as FATE_PARTIES
from benchmarks.fate import measure_fate
from benchmarks.figures import Figure, print_table, render_json
from benchmarks.flare import measure_flare
from benchmarks.latency import DRAINED, measure_backlog, measure_chain, measure_latency
from benchmarks.memory import measure_memory
from benchmarks.reads import measure_reads
from benchmarks.system import System, run_system
from benchmarks.throughput import measure_submits, measure_throughput

Measure = Callable[[System, Load], Awaitable[list[Figure]]]

LOADS: dict[str, Measure] = {
    "latency": measure_latency,
    "chain": measure_chain,
    "throughput": measure_throughput,
    "submits": measure_submits,
    "reads": measure_reads,
}
OTHERS = ("backlog", "fate", "memory", "demo", "exchange", "components", "flare")


async def run(profile: str, only: set[str]) -> list[Figure]:
    """Every wanted measurement of one profile."""
    figures: list[Figure] = []
    if only & LOADS.keys():
        with run_system(profile, parties=PARTIES, slots=SLOTS) as system:
            async with connect(system) as load:
                for name, measure in LOADS.items():
                    if name in only:
                        figures += await measure(system, load)
    if "backlog" in only:
        with run_system(profile, parties=(*PARTIES, DRAINED), slots=SLOTS) as system:
            async with connect(system) as load:
                figures += await measure_backlog(system, load)
    if "fate" in only:
        with run_system(profile, parties=FATE_PARTIES, slots=16) as system:
            figures += await measure_fate(system)
    if "memory" in only:
        with run_system(profile, parties=("a", "b", "c")) as system:
            await asyncio.sleep(3.0)
            figures += measure_memory(system)
    return figures


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=[*LOADS, *OTHERS], default=[*LOADS, *OTHERS])
    parser.add_argument("--profile", nargs="*", choices=["embedded", "postgres"], default=["embedded", "postgres"])
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    given = parser.parse_args()
    only = set(given.only)
    figures = [figure for profile in given.profile for figure in asyncio.run(run(profile, only))]
    if "exchange" in only:
        figures += measure_exchange()
    if "demo" in only:
        figures += measure_demo()
    if "components" in only:
        figures += measure_components()
    if "flare" in only:
        figures += measure_flare()
    print_table(figures)
    if given.out:
        given.out.write_text(json.dumps(render_json(figures), indent=2) + "\n")


if __name__ == "__main__":
    main()
