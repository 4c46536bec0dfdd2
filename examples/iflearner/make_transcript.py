"""`python examples/iflearner/make_transcript.py CLIENT ENGINE`: writes transcript.md from a real training.

CLIENT and ENGINE are the interpreters beside iflearner-flow-client and iflearner; see tests/clients/install.py.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PARTIES = ("9999", "10000")
HEAD = """# Two parties train with iFLearner's own client

Written by `examples/iflearner/make_transcript.py`: `fedrota up` with two parties, then `train.py` with the
unmodified iflearner-flow-client against it. Each `---` line is a new state of the task as `task.get` tells it.

"""


def main() -> int:
    """Exit status of the training."""
    client, engine = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        settings = {
            "FEDROTA_ENGINES": json.dumps({"iflearner": engine}),
            "FEDROTA_ALLOWED_ROOTS": json.dumps([str(ROOT / "examples")]),
        }
        words = ["up", "--state", str(state), "--port", "0", "--no-flower"]
        words += [word for party in PARTIES for word in ("--party", party)]
        with Path(folder, "up.out").open("wb") as out:
            up = subprocess.Popen(
                [sys.executable, "-m", "fedrota", *words],
                cwd=ROOT,
                stdout=out,
                stderr=out,
                env={**os.environ, **settings},
            )
        try:
            done = _train(client, _wait_for_port(up, state / "up.json"))
        finally:
            up.terminate()
            up.wait()
    text = done.stdout.replace(str(ROOT), "/srv/fedrota")
    shown = "python train.py 9380 . 9999=../data/9999 10000=../data/10000"
    (HERE / "transcript.md").write_text(f"{HEAD}```text\n$ {shown}\n{text}```\n")
    return done.returncode


def _wait_for_port(up: "subprocess.Popen[bytes]", record: Path) -> str:
    while up.poll() is None:
        if record.exists():
            found = json.loads(record.read_text())
            if found["phase"] == "ready":
                return str(found["url"]).rpartition(":")[2]
        time.sleep(0.1)
    raise SystemExit("fedrota up has ended: start it by hand to see why")


def _train(client: str, port: str) -> "subprocess.CompletedProcess[str]":
    data = [f"{party}={ROOT / 'examples/data' / party}" for party in PARTIES]
    argv = [client, str(HERE / "train.py"), port, str(HERE), *data]
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
