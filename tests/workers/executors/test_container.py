import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError

from tests.workers.fakes import make_assignment, until
from tests.workers.workshop import Recorder
from workers.executors.base import Limits, Place
from workers.executors.container import LABEL, ContainerExecutor
from workers.executors.loop import ExecutorLoop


class FakeContainer:
    """Behaves as its command says: prints it, then waits for the test or for a stop."""

    def __init__(self, engine: "FakeEngine", image: str, options: dict[str, Any]) -> None:
        self.id = options["name"]
        self.image = image
        self.options = options
        self.attrs: Mapping[str, Any] = {"State": {"OOMKilled": False}}
        self.code = 0
        self.over = threading.Event()
        self.calls: list[str] = []
        self._engine = engine

    def start(self) -> None:
        self.calls.append("start")
        self._engine.on_start(self)

    def wait(self) -> Mapping[str, Any]:
        return {"StatusCode": self.code}

    def stop(self, *, timeout: int) -> None:
        self.calls.append(f"stop {timeout}")
        self.code = 143
        self.over.set()

    def kill(self) -> None:
        self.calls.append("kill")
        self.code = 137
        self.over.set()

    def remove(self, *, force: bool) -> None:
        self._engine.all.remove(self)

    def logs(self, *, stream: bool, follow: bool) -> Iterable[bytes]:
        yield b"hello\n"
        self.over.wait(60)

    def reload(self) -> None:
        self.calls.append("reload")

    @property
    def host_workdir(self) -> Path:
        return Path(next(host for host, facts in self.options["volumes"].items() if facts["mode"] == "rw"))


class FakeEngine:
    """Keeps containers by label."""

    def __init__(self) -> None:
        self.all: list[FakeContainer] = []
        self.containers = self
        self.on_start: Any = lambda _container: None

    def ping(self) -> bool:
        return True

    def create(self, image: str, **options: Any) -> FakeContainer:
        if image == "gone":
            raise OSError("404: no such image")
        self.all.append(FakeContainer(self, image, options))
        return self.all[-1]

    def list(self, *, all: bool, filters: Mapping[str, str]) -> list[FakeContainer]:
        name, _, value = filters["label"].partition("=")
        return [container for container in self.all if container.options["labels"].get(name) == value]


@pytest.fixture
def loop():
    loop = ExecutorLoop()
    loop.start()
    yield loop
    loop.stop()


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def executor(loop, engine):
    return ContainerExecutor(
        loop, engine, images=["trainer@sha256:1", "gone"], site="/s", limits=Limits(memory_bytes=99)
    )


def start(executor, tmp_path, image="trainer@sha256:1", **run):
    (tmp_path / "left").write_text("input")
    place = Place(
        workdir=tmp_path / "work", outputs=tmp_path / "outputs", log=tmp_path / "log", tables=tmp_path / "tables",
        inputs={"data": tmp_path / "left"},
    )  # fmt: skip
    sink = Recorder()
    assignment = make_assignment(run={"image": image, "command": ["train", "{input.data}"], **run})
    return sink, executor.start(assignment, place, sink)


def test_a_container_gets_its_own_folder_its_labels_and_nothing_else(executor, engine, tmp_path):
    sink, handle = start(executor, tmp_path)
    container = until(lambda: engine.all and engine.all[0])
    options = container.options
    assert options["command"] == ["train", "/fedrota/work/inputs/data"]
    assert options["volumes"] == {
        str(tmp_path / "work"): {"bind": "/fedrota/work", "mode": "rw"},
        str(tmp_path / "tables"): {"bind": "/fedrota/data", "mode": "ro"},
    }
    assert options["labels"] == {LABEL: "/s", "fedrota.task": "t1", "fedrota.seq": "1"}
    assert options["environment"]["FEDROTA_OUTPUT_DIR"] == "/fedrota/work/outputs"
    assert not {"privileged", "entrypoint", "network_mode", "pid_mode"} & set(options)
    assert (options["cap_drop"], options["mem_limit"]) == (["ALL"], 99)
    assert (container.host_workdir / "inputs" / "data").read_text() == "input"
    until(lambda: handle.log_size() == 6)
    container.over.set()
    assert sink.wait().outcome == "success"
    assert engine.all == []


def test_outputs_written_inside_are_collected(executor, engine, tmp_path):
    def write(container: FakeContainer) -> None:
        (container.host_workdir / "outputs" / "model").write_text("weights")
        container.over.set()

    engine.on_start = write
    sink, _ = start(executor, tmp_path, outputs={"model": "model"})
    (output,) = sink.wait().outputs
    assert (output.name, output.size) == ("model", 7)
    assert (tmp_path / "outputs" / "model").read_text() == "weights"


@pytest.mark.parametrize(
    ("image", "kind", "message"),
    [
        ("evil", "invalid", "image 'evil' is not allowed at this party (FEDROTA_CONTAINER_IMAGES)"),
        ("gone", "error", "404: no such image"),
    ],
)
def test_an_image_that_is_not_allowed_or_not_there(executor, tmp_path, image, kind, message):
    sink, _ = start(executor, tmp_path, image=image)
    ending = sink.wait()
    assert ending.kind == kind
    assert message in ending.message


@pytest.mark.parametrize(("grace_s", "call"), [(2.0, "stop 2"), (0.0, "kill")])
def test_stop_and_kill_reach_the_engine(executor, engine, tmp_path, grace_s, call):
    sink, handle = start(executor, tmp_path)
    container = until(lambda: engine.all and "start" in engine.all[0].calls and engine.all[0])
    handle.stop(grace_s) if grace_s else handle.kill()
    ending = sink.wait()
    assert call in container.calls
    assert ending.kind == "exit"


def test_a_container_killed_for_its_memory_is_reported_as_a_limit(executor, engine, tmp_path):
    def starve(container: FakeContainer) -> None:
        container.attrs, container.code = {"State": {"OOMKilled": True}}, 137
        container.over.set()

    engine.on_start = starve
    sink, _ = start(executor, tmp_path)
    assert sink.wait().kind == "limit"


def test_leftovers_of_a_former_life_are_removed_and_others_left(executor, engine):
    for site in ("/s", "/other", "/s"):
        engine.create("x", name="n", labels={LABEL: site}, volumes={})
    assert executor.reconcile() == 2
    assert [container.options["labels"][LABEL] for container in engine.all] == ["/other"]


def test_a_run_may_say_where_in_its_image_it_works_and_finds_its_data(executor, engine, tmp_path):
    sink, _ = start(executor, tmp_path, workdir="/opt/ocr", data_at="/data", command=["train", "{data}"])
    container = until(lambda: engine.all and engine.all[0])
    assert (container.options["working_dir"], container.options["command"]) == ("/opt/ocr", ["train", "/data"])
    assert container.options["volumes"][str(tmp_path / "tables")] == {"bind": "/data", "mode": "ro"}
    assert container.options["environment"]["FEDROTA_DATA"] == "/data"
    container.over.set()
    assert sink.wait().outcome == "success"


def test_a_stop_while_the_container_starts_is_not_lost(executor, engine, tmp_path):
    starting, go_on = threading.Event(), threading.Event()

    def start_slowly(container: FakeContainer) -> None:
        starting.set()
        assert go_on.wait(60)
        container.over.clear()  # what was stopped before it ran starts all the same

    engine.on_start = start_slowly
    sink, handle = start(executor, tmp_path)
    assert starting.wait(60)
    handle.stop(5.0)
    container = until(lambda: "stop 5" in engine.all[0].calls and engine.all[0])
    go_on.set()
    assert sink.wait().kind == "exit"
    assert container.calls[-2:] == ["kill", "reload"]


@pytest.mark.parametrize("wrong", [OSError("reset by peer"), ProtocolError("Connection broken")])
def test_an_engine_that_fails_ends_the_attempt_and_leaves_no_container(executor, engine, tmp_path, monkeypatch, wrong):
    def break_off(_self: FakeContainer, **_how: bool) -> Iterator[bytes]:
        yield b"hello\n"
        raise wrong

    monkeypatch.setattr(FakeContainer, "logs", break_off)
    sink, _ = start(executor, tmp_path)
    ending = sink.wait()
    assert (ending.kind, ending.message) == ("lost", f"the container engine failed: {wrong}")
    assert engine.all == []


def test_outputs_that_cannot_be_moved_fail_the_attempt(executor, engine, tmp_path):
    def be_in_the_way(container: FakeContainer) -> None:
        (tmp_path / "outputs").write_text("a file")
        container.over.set()

    engine.on_start = be_in_the_way
    sink, _ = start(executor, tmp_path, outputs={"model": "model"})
    assert sink.wait().kind == "limit"


def test_a_stopped_container_that_cannot_be_removed_hurts_nobody_else(executor, engine, loop, tmp_path, monkeypatch):
    errors, create, go_on = [], engine.create, threading.Event()
    loop.on_error = lambda: errors.append("the worker would end")

    def refuse(_self: FakeContainer, *, force: bool) -> None:
        raise OSError(f"no engine answers, {force=}")

    monkeypatch.setattr(FakeContainer, "remove", refuse)
    monkeypatch.setattr(engine, "create", lambda *args, **options: go_on.wait(60) and create(*args, **options))
    sink, handle = start(executor, tmp_path)
    handle.stop(1.0)
    go_on.set()
    assert (sink.wait().kind, errors) == ("stopped", [])
