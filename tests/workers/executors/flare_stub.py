"""Stands where FLARE's environment does: plays the server's or a site's part as the order beside it says."""

import json
import sys
import time
from pathlib import Path

order = json.loads(Path("order.json").read_text())
output = Path(order["output"])


def serve() -> None:
    print("job", Path(order["archive"]).read_bytes().decode(), "for", order["job"], flush=True)
    if order["folder"] == "broken":
        Path("verdict.json").write_text(json.dumps({"kind": "error", "message": "FLARE's job ended as FINISHED:X"}))
        sys.exit(1)
    if order["folder"] == "raves":
        Path("verdict.json").write_text("{}")
        sys.exit(1)
    Path("kits").mkdir()
    if order["folder"] == "spoils":
        Path("kits", "a.zip").mkdir()
        time.sleep(60)
    for site, request in order["requests"].items():
        assert "BEGIN CERTIFICATE REQUEST" in request
        draft = Path("kits", f"{site}.draft")
        draft.write_text(f"kit of {site} for {order['host']}")
        draft.replace(draft.with_suffix(".zip"))  # whoever looks finds all of it or nothing
    if order["folder"] == "hangs":
        time.sleep(60)
    Path("metrics.jsonl").write_text('{"progress": 0.5}\n{"name": "round", "value": 1, "step": 1}\n')
    time.sleep(0.3 if order["folder"] != "quick" else 1.0)
    Path("finished.json").write_text("{}")
    if order["folder"] != "quick":
        time.sleep(0.5)
    output.write_text("the server's workspace")


def join() -> None:
    print(Path(order["kit"]).read_text(), Path("site/startup/client.key").exists(), flush=True)
    while not Path("end").exists():
        time.sleep(0.02)
    output.write_text("the site's workspace")


{"workers.flare.serve": serve, "workers.flare.join": join}[sys.argv[-1]]()
