"""What a session does with jobs: submit, list, read, wait for, abort, clone, delete."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fedrota.session import outcomes
from fedrota.session.link import Link
from fedrota.session.packing import pack
from fedrota.session.shapes import MonitorReturnCode

Monitor = Callable[..., bool]
"""Called with (session, job id, meta, further arguments); what it returns says whether to go on."""
_ALIASES: Final = {"max_num": "limit", "job_id_prefix": "id_prefix", "job_name_prefix": "name_prefix", "id": "id_prefix",
                   "name": "name_prefix"}  # fmt: skip
WRONG_FORM: Final = "submit_token must be non-empty, at most 128 characters, and match ^[A-Za-z0-9._:-]{1,128}$"
_TOKEN: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_FOLDER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_IGNORED: Final = frozenset({"all"})


class Jobs(Link):
    """The job methods of a session; names, arguments and exceptions are FLARE's."""

    def submit_job(self, job_definition_path: str, submit_token: str | None = None) -> str:
        """Submit the job in a folder; its id. A path that is no folder is looked for below `upload_dir`.

        InvalidJobDefinition says what is wrong with it. The same `submit_token` again gives the same job,
        SubmitTokenConflict where its files differ, SubmitTokenJobDeleted where the job was deleted.
        """
        folder = self._find_folder(job_definition_path)
        words = make_token_words(submit_token)
        with self._naming_folder(folder), pack(folder) as body:
            reply = self.door.upload("submit_job", folder.resolve().name, *words, body=body)
        return str(reply.meta["job_id"])

    def _find_folder(self, given: Any) -> Path:
        if not given:
            raise outcomes.InvalidJobDefinition("job_definition_path is required but not specified.")
        if not isinstance(given, str):
            raise outcomes.InvalidJobDefinition(f"job_definition_path must be str but got {type(given)}.")
        for folder in (Path(given), Path(self.upload_dir) / given):
            if folder.is_dir():
                return _check_name(folder)
        raise outcomes.InvalidJobDefinition(f"'{given}' is not a valid folder")

    @contextmanager
    def _naming_folder(self, folder: Path) -> Iterator[None]:
        try:
            yield
        except OSError as wrong:
            if isinstance(wrong, ConnectionError):
                raise
            raise outcomes.InvalidJobDefinition(f"'{folder}' cannot be read: {wrong}") from wrong

    def clone_job(self, job_id: str) -> str:
        """Submit a copy of a job; its id."""
        return str(self.door.send("clone_job", check_id(job_id)).meta["job_id"])

    def get_job_meta(self, job_id: str) -> dict[str, Any]:
        """Everything that is known of a job; `reason` says in words why it stands where it stands."""
        return dict(self.door.send("get_job_meta", check_id(job_id)).meta["job_meta"])

    def get_job_status(self, job_id: str) -> str | None:
        """A job's status."""
        return self.get_job_meta(job_id).get("status")

    def list_jobs(
        self,
        detailed: bool = False,  # noqa: FBT001, FBT002
        limit: int | None = None,
        id_prefix: str | None = None,
        name_prefix: str | None = None,
        reverse: bool = False,  # noqa: FBT001, FBT002
        submit_token: str | None = None,
        **kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Jobs of all users, the oldest first; `limit` keeps the newest. ValueError and TypeError as FLARE's."""
        given = {"limit": limit, "id_prefix": id_prefix, "name_prefix": name_prefix}
        for name, value in kwargs.items():
            if name not in _ALIASES and name not in _IGNORED:
                raise TypeError(f"list_jobs() got an unexpected keyword argument '{name}'")
            if given.get(_ALIASES.get(name, name)) is None:
                given[_ALIASES.get(name, name)] = value
        words = _make_words(given, detailed=detailed, reverse=reverse) + make_token_words(submit_token)
        return list(self.door.send("list_jobs", *words).meta["jobs"])

    def abort_job(self, job_id: str) -> str:
        """Stop a job; a sentence that says what that means for it."""
        return str(self.door.send("abort_job", check_id(job_id)).meta.get("info", ""))

    def delete_job(self, job_id: str) -> dict[str, Any]:
        """Forget an ended job; JobNotDone while it is open."""
        meta = self.door.send("delete_job", check_id(job_id)).meta
        return {name: meta[name] for name in ("job_id", "submit_records_marked_deleted") if name in meta}

    def monitor_job(
        self,
        job_id: str,
        timeout: float = 0,
        poll_interval: float = 2.0,
        cb: Monitor | None = None,
        *cb_args: Any,
        **cb_kwargs: Any,
    ) -> MonitorReturnCode:
        """Wait until a job has ended, `timeout` seconds have passed (0: never) or `cb` returns a false value.

        `cb` is called at once, then whenever the status changes and at least every `poll_interval` seconds. The end
        is told by the gateway when it comes, it is not polled for.
        """
        return self.monitor_job_and_return_job_meta(job_id, timeout, poll_interval, cb, *cb_args, **cb_kwargs)[0]

    def monitor_job_and_return_job_meta(
        self,
        job_id: str,
        timeout: float = 0.0,
        poll_interval: float = 2.0,
        cb: Monitor | None = None,
        *cb_args: Any,
        **cb_kwargs: Any,
    ) -> tuple[MonitorReturnCode, dict[str, Any] | None]:
        """As `monitor_job`; with the meta of the ended job."""
        _check_patience(timeout, poll_interval)
        deadline = time.monotonic() + timeout if timeout else None
        meta = self.get_job_meta(job_id)
        while True:
            if cb is not None and not cb(self, job_id, meta, *cb_args, **cb_kwargs):
                return MonitorReturnCode.ENDED_BY_CB, None
            if str(meta.get("status", "")).startswith("FINISHED"):
                return MonitorReturnCode.JOB_FINISHED, meta
            left = poll_interval if deadline is None else min(poll_interval, deadline - time.monotonic())
            if left <= 0:
                return MonitorReturnCode.TIMEOUT, None
            meta = self._wait(job_id, str(meta.get("status")), left)

    def _wait(self, job_id: str, status: str, seconds: float) -> dict[str, Any]:
        """The job's meta once its status is another one, or after `seconds`."""
        reply = self.door.send("wait_job", job_id, status, f"{seconds:.3f}", timeout_s=seconds + 30)
        return dict(reply.meta["job_meta"])

    def wait_for_job(self, job_id: str, timeout: float = 0.0, poll_interval: float = 2.0) -> dict[str, Any]:
        """The meta of a job once it has ended; JobTimeout where it takes longer than `timeout` seconds (0: never)."""
        _, meta = self.monitor_job_and_return_job_meta(job_id, timeout, poll_interval)
        if meta is None:
            raise outcomes.JobTimeout(f"job {job_id} did not finish within {timeout}s")
        return meta


def _check_name(folder: Path) -> Path:
    name = folder.resolve().name
    if not _FOLDER_NAME.fullmatch(name):
        raise outcomes.InvalidJobDefinition(
            f"job folder name '{name}' contains unsupported characters. "
            "Use only letters, numbers, dots, underscores, and hyphens, with no spaces."
        )
    return folder


def make_token_words(token: Any) -> list[str]:
    """A submit token as a command's words; InvalidArgumentError where it is none."""
    if token is None:
        return []
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise outcomes.InvalidArgumentError(WRONG_FORM)
    return ["--submit-token", token]


def check_id(job_id: Any) -> str:
    """The id itself; JobNotFound where it is none."""
    if not isinstance(job_id, str):
        raise outcomes.JobNotFound(f"invalid job_id {job_id}")
    if not job_id:
        raise outcomes.JobNotFound("job_id is required but not specified.")
    return job_id


def _check_patience(timeout: float, poll_interval: float) -> None:
    if timeout < 0:
        raise outcomes.InvalidArgumentError(f"timeout must be >= 0 but got {timeout}")
    if poll_interval <= 0:
        raise outcomes.InvalidArgumentError(f"poll_interval must be > 0 but got {poll_interval}")


def _make_words(given: dict[str, Any], *, detailed: Any, reverse: Any) -> list[str]:
    """The words of `list_jobs`; ValueError where a value is of the wrong type."""
    kinds: dict[str, type] = {"limit": int, "id_prefix": str, "name_prefix": str}
    for name, kind in kinds.items():
        if given[name] is not None and (not isinstance(given[name], kind) or isinstance(given[name], bool)):
            raise ValueError(f"{name} must be None or {kind.__name__} but got {type(given[name])}")
    for name, value in (("detailed", detailed), ("reverse", reverse)):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be bool but got {type(value)}")  # noqa: TRY004  FLARE's own
    words = [flag for flag, is_set in (("-d", detailed), ("-r", reverse)) if is_set]
    if given["name_prefix"]:
        words += ["-n", given["name_prefix"]]
    if given["limit"]:
        words += ["-m", str(given["limit"])]
    return words + ([given["id_prefix"]] if given["id_prefix"] else [])
