"""What a session does to the system: restart, shutdown, removal of a site, levels of logs, service providers."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from fedrota.session import outcomes
from fedrota.session.arguments import check_endpoint, check_kind, check_targets
from fedrota.session.jobs import check_id
from fedrota.session.shapes import TargetType
from fedrota.session.system import TYPES, System, check_name

STATE_CHANGE_S: Final = 30.0
LOOK_S: Final = 0.2


class Control(System):
    """The control methods of a session; the workers of sites and server end in order, and what they ran is reported."""

    def restart(
        self, target_type: str, client_names: list[str] | None = None, wait: bool = True, timeout: float = STATE_CHANGE_S  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:  # fmt: skip
        """Restart workers; with `wait`, until they are back. TimeoutError where that takes longer than `timeout` s.

        A worker is started again by what started it: `fedrota up`, systemd, or a container's restart policy.
        """
        words = _make_words("restart", target_type, client_names)
        seconds = _check_timeout(timeout)
        before = self._list_processes(words)
        meta = dict(self.door.send("restart", *words).meta)
        if wait:
            self._wait_until(
                lambda now: all(now.get(name, process) != process for name, process in before.items()),
                seconds,
                "restart",
            )
        return meta

    def shutdown(
        self, target_type: str, client_names: list[str] | None = None, wait: bool = True, timeout: float = STATE_CHANGE_S  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:  # fmt: skip
        """Shut workers down; with `wait`, until they are gone. JobNotDone while jobs run, where the server is meant."""
        words = _make_words("shutdown", target_type, client_names)
        seconds = _check_timeout(timeout)
        before = self._list_processes(words)
        meta = dict(self.door.send("shutdown", *words).meta)
        if wait:
            self._wait_until(lambda now: not any(name in now for name in before), seconds, "shutdown")
        return meta

    def shutdown_system(self) -> None:
        """Shut down all workers; JobNotDone while a job runs. Gateways and schedulers stay: `fedrota down` ends them."""
        if self.get_system_info().server_info.status != "stopped":
            raise outcomes.JobNotDone("there are still running jobs")
        self.shutdown(TargetType.ALL)

    def remove_client(self, client_name: str) -> None:
        """End a site's connection; it connects again unless it is disabled or its token revoked."""
        self.door.send("remove_client", check_name(client_name))

    def configure_job_log(self, job_id: str, config: Any, target: str = "all") -> None:
        """Change how much a running job of FLARE's logs at its server, at a site or at all: a level or a log mode.

        JobNotRunning; InternalError where the config is none.
        """
        where = [target] if target in {TargetType.ALL, TargetType.SERVER} else [TargetType.CLIENT, target]
        words = json.dumps(config) if isinstance(config, dict) else str(config)
        self.door.send("configure_job_log", check_id(job_id), *where, words)

    def configure_site_log(self, config: Any, target: str = "all") -> None:
        """Change how much workers log until they end; a level, or `reload` for the one of their settings."""
        self.door.send("configure_site_log", target, _check_level(config))

    def list_sp(self) -> str:
        """The service providers, as the text that FLARE 2.5 gives: every gateway is active."""
        return str(self.door.send("list_sp").value)

    def get_active_sp(self) -> dict[str, Any]:
        """The service provider that answers."""
        return self.door.send("get_active_sp").value

    def promote_sp(self, sp_end_point: str) -> None:
        """InternalError: every gateway is active already, none waits to be promoted."""
        self.door.send("promote_sp", check_endpoint(sp_end_point))

    def _list_processes(self, words: Sequence[str]) -> dict[str, str]:
        """What tells the worker of each site that is meant from its successor; the server's own is not waited for."""
        kind, names = words[0], words[1:]
        found = {} if kind == TargetType.SERVER else self._look()
        return {name: process for name, process in found.items() if not names or name in names}

    def _look(self) -> dict[str, str]:
        clients = self.door.send("check_status", TargetType.SERVER).meta["clients"]
        return {client["client_name"]: str(client["process"]) for client in clients}

    def _wait_until(self, is_done: Callable[[dict[str, str]], bool], seconds: float, what: str) -> None:
        give_up = time.monotonic() + seconds
        while not is_done(self._look()):
            if time.monotonic() > give_up:
                raise TimeoutError(f"the {what} was not seen to be done within {seconds} seconds")
            time.sleep(LOOK_S)


def _make_words(command: str, target_type: str, client_names: list[str] | None) -> list[str]:
    kind = check_kind(target_type, TYPES, command)
    return [kind, *(check_targets(client_names) if client_names and kind == TargetType.CLIENT else ())]


def _check_level(config: Any) -> str:
    if not isinstance(config, str) or not config.strip():
        raise ValueError("configure_site_log only supports log levels and built-in log modes")
    return config.strip()


def _check_timeout(timeout: Any) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or timeout <= 0:
        raise ValueError(f"timeout must be a number greater than 0 but got {timeout!r}")
    return float(timeout)
