"""What a session does to the system: restart, shutdown, service providers, studies."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from fedrota.session import outcomes
from fedrota.session.arguments import check_endpoint, check_kind, check_targets
from fedrota.session.shapes import TargetType
from fedrota.session.system import TYPES, System

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
        before = self._list_times(words)
        meta = dict(self.door.send("restart", *words).meta)
        if wait:
            names = list(before)
            self._wait_until(
                lambda now: all(now.get(name, 0.0) > before[name] for name in names), seconds, "restart", gap_s=1.0
            )
        return meta

    def shutdown(
        self, target_type: str, client_names: list[str] | None = None, wait: bool = True, timeout: float = STATE_CHANGE_S  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:  # fmt: skip
        """Shut workers down; with `wait`, until they are gone. JobNotDone while jobs run, where the server is meant."""
        words = _make_words("shutdown", target_type, client_names)
        seconds = _check_timeout(timeout)
        before = self._list_times(words)
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
        if not client_name or not isinstance(client_name, str):
            raise ValueError(f"client_name must be a non-empty str but got {client_name!r}")
        self.door.send("remove_client", client_name)

    def configure_job_log(self, job_id: str, config: Any, target: str = "all") -> None:
        """InternalError: a job's log holds all that it prints."""
        self.door.send("configure_job_log", job_id, target, str(config))

    def configure_site_log(self, config: Any, target: str = "all") -> None:
        """InternalError: a worker's level is its setting FEDROTA_LOG_LEVEL."""
        self.door.send("configure_site_log", target, str(config))

    def list_sp(self) -> str:
        """The service providers, as the text that FLARE 2.5 gives: every gateway is active."""
        return str(self.door.send("list_sp").value)

    def get_active_sp(self) -> dict[str, Any]:
        """The service provider that answers."""
        return self.door.send("get_active_sp").value

    def promote_sp(self, sp_end_point: str) -> None:
        """InternalError: every gateway is active already, none waits to be promoted."""
        self.door.send("promote_sp", check_endpoint(sp_end_point))

    def _list_times(self, words: Sequence[str]) -> dict[str, float]:
        """When the sites that are meant last connected; the server's own worker is not waited for."""
        kind, names = words[0], words[1:]
        found = {} if kind == TargetType.SERVER else self._look()
        return {name: at for name, at in found.items() if not names or name in names}

    def _look(self) -> dict[str, float]:
        return {client.name: client.last_connect_time for client in self.get_connected_client_list()}

    def _wait_until(
        self, is_done: Callable[[dict[str, float]], bool], seconds: float, what: str, *, gap_s: float = 0.0
    ) -> None:
        give_up = time.monotonic() + seconds
        time.sleep(gap_s)
        while not is_done(self._look()):
            if time.monotonic() > give_up:
                raise TimeoutError(f"the {what} was not seen to be done within {seconds} seconds")
            time.sleep(LOOK_S)


def _make_words(command: str, target_type: str, client_names: list[str] | None) -> list[str]:
    kind = check_kind(target_type, TYPES, command)
    return [kind, *(check_targets(client_names) if client_names and kind == TargetType.CLIENT else ())]


def _check_timeout(timeout: Any) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or timeout <= 0:
        raise ValueError(f"timeout must be a number greater than 0 but got {timeout!r}")
    return float(timeout)
