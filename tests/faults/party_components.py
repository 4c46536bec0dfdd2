"""What the parties of the fault tests run: a component whose every trace is numbered, and a script for commands.

As a component module it offers `counted`; started as a script it does the same work as a command.
Each appends `[task, seq, what]` to the party's ledger, the effect outside that no scheduler can take back.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

LEDGER = "FEDROTA_TEST_LEDGER"


def note(ledger: str, task: str, seq: int, what: str) -> None:
    """One line, written at once by one system call."""
    handle = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(handle, (json.dumps([task, seq, what]) + "\n").encode())
    os.close(handle)


def main(ledger: str, points: int, pause_s: float) -> None:
    """The command's work: points one by one, an output that says which dispatch made it."""
    task, seq = os.environ["FEDROTA_TASK"], int(os.environ["FEDROTA_SEQ"])
    note(ledger, task, seq, "begin")
    with Path(os.environ["FEDROTA_METRICS"]).open("a") as metrics:
        for number in range(points):
            metrics.write(json.dumps({"name": "n", "step": number, "value": number}) + "\n")
            metrics.flush()
            time.sleep(pause_s)
    (Path(os.environ["FEDROTA_OUTPUT_DIR"]) / "made").write_text(f"{task}/{seq}")
    note(ledger, task, seq, "end")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
else:
    from fedrota.component import Context, component

    @component(
        "counted",
        params={
            "points": {"type": "integer", "default": 40},
            "pause_s": {"type": "number", "default": 0.01},
        },
        inputs={"made": "file"},
        outputs={"made": "file"},
    )
    def counted(context: Context) -> None:
        """Log numbered points, then write an output."""
        before = context.input("made").read_text() if context.has_input("made") else ""
        for number in range(context.params["points"]):
            context.log_metric("n", float(number), number)
            time.sleep(context.params["pause_s"])
        context.summary(points=context.params["points"], before=before)
        with context.output("made") as output:
            output.path.write_text(f"{context.job}/{context.step}/{context.attempt}")

    @component("broken", params={"how": {"enum": ["exit", "crash", "hang", "fill"]}})
    def broken(context: Context) -> None:
        """End as no component should."""
        context.log("on its way")
        how = context.params["how"]
        if how == "exit":
            os._exit(7)
        if how == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if how == "fill":
            with context.output("never") as output:
                output.path.write_bytes(bytes(64 << 20))
        while True:
            time.sleep(1)
