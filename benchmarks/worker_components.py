"""The two no-op components of `benchmarks.worker`; loaded into the zygote, which knows nothing of our servers."""

from fedrota.component import Context, component


@component("bench_forked")
def bench_forked(_context: Context) -> None:
    """Do nothing, in a process of its own."""


@component("bench_warm", reusable=True)
def bench_warm(_context: Context) -> None:
    """Do nothing, in a process that is used again."""
