"""Runs commands in containers through the Docker SDK: allowed images, no mounts but the attempt's own folder."""

import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from scheduler.domain.messages import Assignment
from workers.executors.argv import (
    METRICS_FILE,
    fill,
    list_attachments,
    parse_command,
    prepare_folders,
    render_environment,
)
from workers.executors.attempt_log import AttemptLog
from workers.executors.base import AssignmentError, Ending, Handle, Limits, Place, Sink, failure
from workers.executors.command import NEWS_S, collect_outputs
from workers.executors.loop import ExecutorLoop
from workers.executors.news import NewsFile
from workers.executors.process_run import LAST_WORDS

log = structlog.get_logger(__name__)

INSIDE: Final = Path("/fedrota")
LABEL: Final = "fedrota.site"


class Container(Protocol):
    """What we use of `docker.models.containers.Container`."""

    id: str

    def start(self) -> None:
        """Begin."""

    def wait(self) -> Mapping[str, Any]:
        """Wait for the end: `{"StatusCode": n}`."""
        ...

    def stop(self, *, timeout: int) -> None:
        """SIGTERM, after `timeout` seconds SIGKILL."""

    def kill(self) -> None:
        """SIGKILL."""

    def remove(self, *, force: bool) -> None:
        """Forget it."""

    def logs(self, *, stream: bool, follow: bool) -> Iterable[bytes]:
        """Its output as it comes."""
        ...

    def reload(self) -> None:
        """Ask again for `attrs`."""

    @property
    def attrs(self) -> Mapping[str, Any]:
        """Its state in Docker's words."""
        ...


class Containers(Protocol):
    """What we use of `docker.models.containers.ContainerCollection`."""

    def create(self, image: str, command: Sequence[str], **options: Any) -> Container:
        """Make a container that does not run yet."""
        ...

    def list(self, *, all: bool, filters: Mapping[str, Any]) -> Sequence[Container]:
        """The containers with a label."""
        ...


class Engine(Protocol):
    """What we use of `docker.DockerClient`."""

    containers: Containers

    def ping(self) -> bool:
        """Whether the engine answers."""
        ...


class EngineError(Exception):
    """There is no container engine; the text says what to do."""


def make_engine() -> Engine:
    """The Docker engine of the environment; EngineError where there is none."""
    try:
        import docker
    except ImportError as missing:
        raise EngineError("the executor 'container' needs the extra: pip install 'fedrota[container]'") from missing
    try:
        engine: Engine = docker.from_env()
        engine.ping()
    except (OSError, docker.errors.DockerException) as away:
        raise EngineError(f"no container engine answers (DOCKER_HOST): {away}") from away
    return engine


class ContainerExecutor:
    """Starts containers of allowed images."""

    def __init__(self, loop: ExecutorLoop, engine: Engine, *, images: Sequence[str], site: str, limits: Limits) -> None:
        self.loop = loop
        self.engine = engine
        self.images = tuple(images)
        self.site = site
        self.limits = limits

    def reconcile(self) -> int:
        """Remove the containers that a former life of this worker left; how many there were."""
        leftovers = self.engine.containers.list(all=True, filters={"label": f"{LABEL}={self.site}"})
        for container in leftovers:
            container.remove(force=True)
        return len(leftovers)

    def start(self, assignment: Assignment, place: Place, sink: Sink) -> Handle:
        """Run the command of `assignment.run` in its image."""
        run = ContainerRun(self, assignment, place=place, sink=sink)
        self.loop.call(run.begin)
        return run


class ContainerRun:
    """A container under way. Docker's calls block, so they run in the loop's pool."""

    def __init__(self, executor: ContainerExecutor, assignment: Assignment, *, place: Place, sink: Sink) -> None:
        self._executor = executor
        self._loop = executor.loop
        self._assignment = assignment
        self._place = replace(place, outputs=place.workdir / "outputs")
        self._kept = place.outputs
        self._sink = sink
        self._log = AttemptLog(place.log, limit=executor.limits.log_bytes)
        self._news = NewsFile(self._place.workdir / METRICS_FILE, sink)
        self._container: Container | None = None
        self._is_over = False
        self._is_stopped = False

    def log_size(self) -> int:
        """Bytes in the log."""
        return self._log.size

    def stop(self, grace_s: float) -> None:
        """SIGTERM now, SIGKILL after `grace_s`."""
        self._loop.call(self._end_early, grace_s)

    def kill(self) -> None:
        """SIGKILL."""
        self._loop.call(self._end_early, 0.0)

    def _end_early(self, grace_s: float) -> None:
        self._is_stopped = True
        if self._container is not None and not self._is_over:
            self._loop.aside(_stop, self._container, grace_s, then=lambda _none: None)

    def begin(self) -> None:
        """Check the image, make the container, start it."""
        self._loop.aside(self._create, then=self._on_created)
        self._loop.later(NEWS_S, self._look_for_news)

    def _look_for_news(self) -> None:
        if not self._is_over:
            self._news.read()
            self._loop.later(NEWS_S, self._look_for_news)

    def _create(self) -> Container | Ending:
        image = str(self._assignment.run.get("image", ""))
        if image not in self._executor.images:
            allowed = ", ".join(self._executor.images) or "none"
            return failure(
                "invalid",
                f"image {image!r} is not allowed at this party (FEDROTA_CONTAINER_IMAGES); allowed: {allowed}",
            )
        try:
            prepare_folders(self._assignment, self._place)
            return self._executor.engine.containers.create(image, **self._options())
        except AssignmentError as wrong:
            return failure("invalid", str(wrong))
        except OSError as wrong:  # the SDK's errors are OSErrors too: they derive from requests' IOError
            return failure("error", f"the container could not be made: {wrong}")

    def _options(self) -> dict[str, Any]:
        inside = self._bring_in()
        limits = self._executor.limits
        argv = parse_command(self._assignment.run)
        if named := list_attachments(argv):
            raise AssignmentError(f"command: {{attachment.{named[0]}}} is filled in for commands without an image only")
        return {
            "command": fill(argv, self._assignment, inside),
            "environment": render_environment(self._assignment, inside),
            "working_dir": str(self._assignment.run.get("workdir") or inside.workdir),
            "volumes": {
                str(self._place.workdir): {"bind": str(inside.workdir), "mode": "rw"},
                str(self._place.tables): {"bind": str(inside.tables), "mode": "ro"},
            },
            "labels": {
                LABEL: self._executor.site,
                "fedrota.task": self._assignment.task,
                "fedrota.seq": str(self._assignment.seq),
            },
            "name": f"fedrota-{self._assignment.task}-{self._assignment.seq}",
            "user": f"{os.getuid()}:{os.getgid()}",
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "init": True,
            **({"mem_limit": limits.memory_bytes} if limits.memory_bytes else {}),
        }

    def _bring_in(self) -> Place:
        """The attempt's place as the container sees it; inputs are linked or copied into its folder."""
        folder = self._place.workdir / "inputs"
        folder.mkdir(exist_ok=True)
        for name, source in self._place.inputs.items():
            _link_or_copy(source, folder / name)
        return Place(
            workdir=INSIDE / "work",
            outputs=INSIDE / "work" / "outputs",
            log=self._place.log,
            tables=Path(str(self._assignment.run.get("data_at") or INSIDE / "data")),
            inputs={name: INSIDE / "work" / "inputs" / name for name in self._place.inputs},
        )

    def _on_created(self, made: Container | Ending) -> None:
        if isinstance(made, Ending):
            self._finish(made)
            return
        self._container = made
        if self._is_stopped:
            ending = failure("stopped", "the task was stopped before it began")
            self._loop.aside(_remove, made, then=lambda _none: self._finish(ending))
            return
        self._sink.started(0)
        self._loop.apart(self._run, made, then=self._finish)

    def _run(self, container: Container) -> Ending:
        """Start, follow its output, wait, collect; in a thread of its own. The container is gone afterwards."""
        try:
            container.start()
            if self._is_stopped:  # a stop before the start found nothing that ran
                container.kill()
            for piece in container.logs(stream=True, follow=True):
                self._log.write(piece)
            code = int(container.wait()["StatusCode"])
            container.reload()
            was_killed = bool(container.attrs.get("State", {}).get("OOMKilled"))
        except _list_errors() as wrong:
            return failure("lost", f"the container engine failed: {wrong}")
        finally:
            _remove(container)
        try:
            return self._judge(code, was_killed=was_killed)
        except OSError as wrong:
            return failure("limit", f"the outputs cannot be kept: {wrong}")

    def _judge(self, code: int, *, was_killed: bool) -> Ending:
        if was_killed:
            return failure("limit", "the system killed the container because its memory ran out")
        if code != 0:
            return failure("exit", f"the container ended with exit status {code}", detail=self._log.tail(LAST_WORDS))
        if self._place.outputs.is_dir():
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self._kept, ignore_errors=True)
            self._place.outputs.replace(self._kept)
        return collect_outputs(self._assignment, replace(self._place, outputs=self._kept))

    def _finish(self, ending: Ending) -> None:
        if self._is_over:
            return
        self._news.read_rest()
        self._is_over = True
        self._log.close()
        self._sink.ended(replace(ending, log_size=self._log.size))


def _stop(container: Container, grace_s: float) -> None:
    try:
        if grace_s:
            container.stop(timeout=max(1, round(grace_s)))
        else:
            container.kill()
    except OSError as wrong:
        log.warning("container_not_stopped", container=container.id, reason=str(wrong), at=time.time())


def _remove(container: Container) -> None:
    """Forget it, running or not; an engine that is away keeps it until this worker's next start."""
    try:
        container.remove(force=True)
    except OSError as wrong:
        log.warning("container_not_removed", container=container.id, reason=str(wrong))


def _list_errors() -> tuple[type[Exception], ...]:
    """What a failing engine raises: the SDK's errors are OSErrors, but a stream that breaks off is urllib3's."""
    urllib3 = sys.modules.get("urllib3.exceptions")
    return (OSError,) if urllib3 is None else (OSError, urllib3.HTTPError)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
