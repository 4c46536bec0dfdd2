"""Components that behave, and many that do not."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from fedrota.component import Context, InvalidInputError, component


@component("quick", reusable=True)
def quick(ctx: Context) -> None:
    print(f"task of {ctx.step} in {os.getpid()}")


@component("forsaking", exchange=True, reusable=True)
def forsaking(ctx: Context) -> None:
    """Ask for two messages that never come, and wait for the first."""
    exchange: Any = ctx.exchange
    peer = exchange.list_peers("host")[0]
    first, _ = [exchange._start_recv(peer, "never", number, None) for number in (0, 1)]
    exchange._mailbox.wait(first)


@component("mistaking", params={"arguments": {}}, exchange=True)
def mistaking(ctx: Context) -> None:
    ctx.exchange.recv("host", **ctx.params["arguments"])


@component("fresh")
def fresh(ctx: Context) -> None:
    print(os.getpid(), os.getcwd() == str(ctx.workdir), sorted({"config", "scheduler"} & set(sys.modules)))


@component("telling")
def telling(ctx: Context) -> None:
    """Say everything there is to say."""
    ctx.log("a line")
    print("another", file=sys.stderr)
    ctx.log_metric("loss", np.float64(0.5), 1)
    ctx.log_metric("auc", 0.75)
    ctx.log_metric("loss", float("nan"), 2)
    ctx.log_metric("loss", 0.25, 1 << 63)
    ctx.progress(0.5)
    ctx.progress(7)
    ctx.summary(rows=np.int64(3), nothing=float("inf"), nested={"a": [1, np.float32(0.5)]})
    with ctx.output("model", kind="model") as output:
        output.path.write_text("weights")
        output.facts["rounds"] = np.int64(4)


@component("raising")
def raising(ctx: Context) -> None:
    raise ValueError("this is\nnot right")


@component("garbling")
def garbling(ctx: Context) -> None:
    """Say what was read with errors="surrogateescape"."""
    ctx.summary(name="a\udcffb", n=2**70)
    raise ValueError("no cell a\udcffb")


@component("refusing")
def refusing(ctx: Context) -> None:
    raise InvalidInputError("column y is missing")


@component("leaving", params={"how": {}})
def leaving(ctx: Context) -> None:
    if ctx.params["how"] == "quietly":
        os._exit(3)
    if ctx.params["how"] == "segfault":
        import ctypes

        ctypes.string_at(0)
    sys.exit(ctx.params["how"])


@component("unfinished")
def unfinished(ctx: Context) -> None:
    with ctx.output("model"):
        pass


@component("half")
def half(ctx: Context) -> None:
    with ctx.output("model") as output:
        output.path.write_text("half")
        raise RuntimeError("in the middle")


@component("reading")
def reading(ctx: Context) -> None:
    ctx.summary(
        text=ctx.input("left").read_text(),
        right=ctx.has_input("right"),
        table=str(ctx.table("there", namespace="n").name),
    )
    ctx.table("absent")


@component("sleeping", params={"s": {"default": 60}})
def sleeping(ctx: Context) -> None:
    ctx.log("at work")
    time.sleep(ctx.params["s"])


@component("watching")
def watching(ctx: Context) -> None:
    if not ctx.cancelled:  # from the first look on nothing interrupts it
        ctx.log("at work")
    while not ctx.cancelled:
        time.sleep(0.01)
    ctx.log("seen")


@component("deaf")
def deaf(ctx: Context) -> None:
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctx.log("deaf now")
    time.sleep(60)


@component("littering", params={"file": {}, "stay": {"default": False}})
def littering(ctx: Context) -> None:
    """Leave a daemon behind, and its number."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            Path(ctx.params["file"]).write_text(str(os.getpid()))
            time.sleep(60)
        os._exit(0)
    while not Path(ctx.params["file"]).exists() or not Path(ctx.params["file"]).read_text():
        time.sleep(0.01)
    if ctx.params["stay"]:
        time.sleep(60)


@component("untidy", params={"what": {}}, reusable=True)
def untidy(ctx: Context) -> None:
    """A reusable component that leaves something running all the same."""
    if ctx.params["what"] == "thread":
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    else:
        subprocess.Popen(["sleep", "60"])
    print(os.getpid())


@component("shouting", params={"mib": {}})
def shouting(ctx: Context) -> None:
    block = b"x" * (1 << 20)
    for _ in range(ctx.params["mib"]):
        os.write(1, block)


@component("hungry", params={"for": {}})
def hungry(ctx: Context) -> None:
    if ctx.params["for"] == "memory":
        ctx.summary(size=len(bytearray(8 << 30)))
    with ctx.output("big") as output, output.path.open("wb") as file:
        for _ in range(64):
            file.write(b"x" * (1 << 20))


@component("measuring", params={"points": {}})
def measuring(ctx: Context) -> None:
    for step in range(ctx.params["points"]):
        ctx.log_metric("m", step, step)


@component("random")
def random_component(ctx: Context) -> None:
    ctx.summary(drawn=float(np.random.random()))


@component("talking", exchange=True)
def talking(ctx: Context) -> None:
    peers = ctx.peers()
    ctx.exchange.broadcast(None, "array", np.arange(6, dtype=np.float32).reshape(2, 3))
    ctx.exchange.send(peers[0], "facts", {"who": ctx.me.role, "n": np.int64(2)})
    ctx.exchange.send(peers[0].role, "raw", b"\x00\x01", round=2)
    arrays = ctx.exchange.gather(None, "array")
    got = ctx.exchange.recv(peers[0].address, "facts")
    raw = ctx.exchange.recv(peers[0], "raw", round=2)
    arrays[peers[0]] += 1  # what comes belongs to the receiver
    ctx.summary(total=float(arrays[peers[0]].sum()), got=got, raw=list(raw), members=[m.party for m in ctx.members])


@component("hearing", exchange=True)
def hearing(ctx: Context) -> None:
    """Wait in a thread and send from another one."""
    peer = ctx.peers()[0]
    got: list[object] = []
    listener = threading.Thread(target=lambda: got.append(ctx.exchange.recv(peer, "late")))
    listener.start()
    time.sleep(0.05)
    ctx.exchange.send(peer, "late", [1, 2])
    listener.join()
    ctx.summary(got=got)


@component("waiting", params={"name": {}}, exchange=True)
def waiting(ctx: Context) -> None:
    ctx.exchange.recv(ctx.peers()[0], ctx.params["name"])


@component("undeclared")
def undeclared(ctx: Context) -> None:
    ctx.exchange.send(ctx.peers()[0], "x", 1)


@component("lasting", reusable=True)
def lasting(ctx: Context) -> None:
    time.sleep(60)


@component("briefly", reusable=True)
def briefly(ctx: Context) -> None:
    time.sleep(0.2)
