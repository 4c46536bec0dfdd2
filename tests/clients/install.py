"""`python tests/clients/install.py NAME-VERSION ...`: old public clients and engines, each in an environment of its own.

They lie outside the tree, in `$XDG_CACHE_HOME/fedrota/clients` (`~/.cache/...`), with the dependencies of
their time. An environment that is there and complete is used as it is.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

DONE = "complete.txt"


class InstallError(Exception):
    """A client cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What to install: `alone` without its declared dependencies and on any Python, then `packages` with theirs."""

    packages: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    shares: str = ""
    """The client whose environment this one is in, too."""
    newest: tuple[int, int] = (3, 99)
    """The newest Python that it runs on."""

    def stamp(self, version: str) -> str:
        """Changes when the list or the Python does, so that an older environment is made anew."""
        return "\n".join((*self.alone, "", *self.packages, version))


# What FATE's clients import of their declared dependencies; TensorFlow and PyTorch, which they declare too, serve only
# to describe neural networks, and their versions of that time never ran on this Python.
_FATE: Final = ("click>=7.1.2,<8", "requests>=2.24,<3", "urllib3<2", "requests-toolbelt>=0.9.1,<0.10", "loguru>=0.5.1",
                "ruamel.yaml>=0.16.10,<0.17", "setuptools<81")  # fmt: skip
_FLASK: Final = ("flask>=1.0.2,<2", "markupsafe<2.1")
# What FLARE's session imports of its declared dependencies; the servers and dashboards, which they are for too, are not run.
_FLARE: Final = ("cryptography>=36", "grpcio", "msgpack>=1.0.3", "numpy", "psutil>=5.9.1", "PyYAML>=6.0", "requests>=2.28",
                 "setuptools<81")  # fmt: skip
_FATE_VERSIONS: Final = ("1.5.0", "1.6.1", "1.7.0", "1.8.0")

CLIENTS: Mapping[str, Client] = MappingProxyType(
    {
        **{
            f"fate-client-{version}": Client(alone=(f"fate-client=={version}",), packages=(*_FATE, *_FLASK))
            for version in _FATE_VERSIONS
        },
        "fate-client-1.9.0": Client(alone=("fate-client==1.9.0",), packages=_FATE),
        "fate-client-1.11.3.post1": Client(alone=("fate-client==1.11.3.post1",), packages=(*_FATE, "pandas>=1.1.5,<3")),
        "fate-client-2.2.0": Client(
            alone=("fate-client==2.2.0",),
            packages=(
                "click",
                "pandas<3",
                "psutil",
                "requests",
                "requests-toolbelt",
                # Its pipeline was written for these; its declared dependencies name no versions.
                "ruamel.yaml<0.18",
                "setuptools<81",
                "networkx",
                "pydantic<2",
            ),
        ),
        # It imports requests and does not declare it; it declares PyYAML 6.0, which no Python after 3.11 can build;
        # and its addresses are properties of classes, which Python 3.13 has no more.
        **{
            f"iflearner-flow-client-{version}": Client(
                alone=(f"iflearner-flow-client=={version}",),
                packages=("click==8.0", "PyYAML>=6.0.1,<7", "requests>=2.28,<3", "setuptools<81"),
                newest=(3, 12),
            )
            for version in ("0.1.2", "0.2.0")
        },
        **{
            f"nvflare-{version}": Client(alone=(f"nvflare=={version}",), packages=_FLARE)
            for version in ("2.4.2", "2.5.2")
        },
        # Not a client: what a party's FLARE engine and `fedrota.bridge` run with.
        "flare-bridge": Client(packages=("nvflare==2.9.0", "httpx>=0.28,<0.29")),
        "nvflare-2.9.0": Client(shares="flare-bridge"),
        **{f"nvflare-{version}": Client(packages=(f"nvflare=={version}",)) for version in ("2.6.2", "2.8.1")},
        # Its pins contradict each other on every Python; these are the ones that its code imports.
        "iflearner-0.1.0": Client(
            alone=("iflearner==0.1.0",),
            packages=(
                "protobuf>=3.20,<3.21",
                "grpcio",
                "loguru",
                "flask",
                "numpy",
                "gmpy2",
                "pycryptodome",
                "visualdl",
                "setuptools<81",
            ),
        ),
    }
)


def find_cache() -> Path:
    """The folder of all environments."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fedrota" / "clients"


def install(name: str, cache: Path | None = None) -> Path:
    """The client's Python interpreter, installed first where it is not there; InstallError where that fails."""
    client = CLIENTS.get(name)
    if client is None:
        raise InstallError(f"there is no client {name!r}; known: {', '.join(CLIENTS)}")
    if client.shares:
        return install(client.shares, cache)
    folder = (cache or find_cache()) / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(f"{folder.suffix}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        python, version = _find_python(name, client)
        stamp = folder / DONE
        if not (stamp.is_file() and stamp.read_text() == client.stamp(version)):
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, client, python)
            stamp.write_text(client.stamp(version))
    return folder / "bin" / "python"


def _find_python(name: str, client: Client) -> tuple[str, str]:
    """An interpreter that the client runs on, and its version: this one, or an older one beside it."""
    if sys.version_info[:2] <= client.newest:
        return sys.executable, sys.version
    for minor in range(client.newest[1], 8, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            code = "import ensurepip, sys, venv; print(sys.version, end='')"
            asked = subprocess.run([found, "-c", code], capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                return found, asked.stdout
    mine, newest = (".".join(map(str, version)) for version in (sys.version_info[:2], client.newest))
    raise InstallError(
        f"{name} does not run on Python {mine}: install Python {newest} or older beside it, with its venv"
    )


def _make(folder: Path, client: Client, python: str) -> None:
    subprocess.run([python, "-m", "venv", folder], check=True)
    if client.alone:
        _pip(folder, "--no-deps", "--ignore-requires-python", *client.alone)
    _pip(folder, *client.packages)


def _pip(folder: Path, *words: str) -> None:
    argv = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(f"{' '.join(words)} cannot be installed:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Install what the command line names, all where it names nothing; print the interpreters."""
    try:
        for name in sys.argv[1:] or CLIENTS:
            print(name, install(name))
    except InstallError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
