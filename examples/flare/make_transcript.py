"""`python examples/flare/make_transcript.py ENGINE CLIENT ...`: writes a transcript of a real training with each client.

ENGINE is an interpreter with nvflare 2.8 or 2.9 and httpx: it runs the training and the bridge. Each CLIENT is one with
the nvflare whose client is to be seen; see tests/clients/install.py.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
JOB = "hello-numpy"
USER = "lead@hq.org"
PARTIES = ("server", "site-1", "site-2")
HEAD = """# nvflare {version} trains on fedrota

Written by [make_transcript.py](make_transcript.py): the unmodified client of nvflare {version} runs [hello.py](hello.py), a
script of FLARE's own API, against `fedrota up`. The job is FLARE's hello-numpy, run by FLARE's own server and clients at
three parties. The kit comes from [project.yml](project.yml).

```console
$ fedrota up {flags}
$ fedrota provision project.yml --out kits
$ python hello.py kits/{user} {user} {job}
{text}```
"""


def main() -> int:
    """0 where every client has seen its training to the end."""
    engine, *clients = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bridge, listener = str(find_port()), str(find_port())
        project = (HERE / "project.yml").read_text()
        project = project.replace("fed_learn_port: 8002", f"fed_learn_port: {bridge}")
        project = project.replace("admin_port: 8003", f"admin_port: {listener}")
        (folder / "project.yml").write_text(project)
        flags = ["--flare-python", engine, "--flare-bridge", bridge, "--flare-listener", listener]
        with start(folder, [*(word for party in PARTIES for word in ("--party", party)), *flags]):
            fedrota(folder, "provision", "project.yml", "--out", "kits")
            for client in clients:
                write(folder, client)
    return 0


@contextmanager
def start(folder: Path, flags: list[str]) -> Iterator[None]:
    """`fedrota up` with these flags, ready."""
    up = (sys.executable, "-m", "fedrota", "up")
    argv = [*up, "--state", str(folder / "state"), "--port", "0", "--no-flower", *flags]
    with (folder / "up.out").open("wb") as out:
        running = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=out)
    try:
        record = folder / "state" / "up.json"
        while not (record.exists() and json.loads(record.read_text())["phase"] == "ready"):
            if running.poll() is not None:
                raise SystemExit((folder / "up.out").read_text())
            time.sleep(0.1)
        yield
    finally:
        running.terminate()
        running.wait()


def fedrota(folder: Path, *words: str) -> None:
    """A command of ours in the folder."""
    environment = {**os.environ, "FEDROTA_STATE_DIR": str(folder / "state"), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "fedrota", *words], cwd=folder, env=environment, check=True, stdout=2)


def write(folder: Path, client: str) -> None:
    """Run the script with a client and write down what it showed."""
    job = folder / JOB
    shutil.rmtree(job, ignore_errors=True)
    shutil.copytree(HERE / JOB, job)  # FLARE's clients sign the job's folder
    argv = [client, str(HERE / "hello.py"), f"kits/{USER}", USER, JOB]
    done = subprocess.run(argv, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    version = done.stdout.split("\n")[0].removeprefix("nvflare ")
    flags = " ".join([*(f"--party {party}" for party in PARTIES), "--flare-python /opt/nvflare/bin/python"])
    flags += " --flare-bridge 8002 --flare-listener 8003"
    text = clean(done.stdout, folder)
    page = HEAD.format(version=version, flags=flags, user=USER, job=JOB, text=text)
    (HERE / f"transcript-{version}.md").write_text(page)


def clean(text: str, folder: Path) -> str:
    """The output without the temporary folder's name."""
    return text.replace(f"{folder}/", "")


def find_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
