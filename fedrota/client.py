"""The client that blocks: a thin shell that sends what `fedrota.requests` builds."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import BinaryIO, Concatenate, ParamSpec, Self, TypeVar, Unpack

import httpx

from fedrota.attachments import Files, Upload, open_files
from fedrota.connection import DEFAULT_TIMEOUT_S, UPLOAD_TIMEOUT_S, find_connection, list_pauses, prepare
from fedrota.document import DocumentSource, read_document
from fedrota.errors import NoGatewayError, UnreachableError
from fedrota.feeds import Broken, EventFeed, LogFeed
from fedrota.files import BLOCK_BYTES, Download, Progress, Source, UploadOptions
from fedrota.model import Event, Job, Model, Table
from fedrota.pages import Page
from fedrota.requests import access as of_access
from fedrota.requests import attachments as of_attachments
from fedrota.requests import jobs as of_jobs
from fedrota.requests import models as of_models
from fedrota.requests import parties as of_parties
from fedrota.requests import tables as of_tables
from fedrota.requests import tasks as of_tasks
from fedrota.requests.call import Call, ListCall
from fedrota.responses import check

P = ParamSpec("P")
T = TypeVar("T")


def sends(build: Callable[P, Call[T]]) -> "Callable[Concatenate[Client, P], T]":
    """A method that sends the request that `build` makes of its arguments."""

    @wraps(build)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(build(*args, **kwargs))

    return method


def lists(build: Callable[P, ListCall[T]]) -> "Callable[Concatenate[Client, P], Page[T]]":
    """A method that loads the page that `build` asks for."""

    @wraps(build)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        return self.load(build(*args, **kwargs))

    return method


class Client:
    """A connection to a gateway; use it in a `with` block, or call `close`. Threads may share one."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            url: the gateway; default: FEDROTA_URL, else where the `fedrota up` of FEDROTA_STATE_DIR (`.fedrota`) serves,
                else http://127.0.0.1:9380.
            token: default: FEDROTA_TOKEN, else the file `token` in FEDROTA_STATE_DIR (`.fedrota`).
            timeout_s: how long the gateway may take for an answer, in seconds.
            transport: how requests travel; tests give an `httpx.MockTransport`.
        """
        self._connection = find_connection(url, token, timeout_s)
        self._http = httpx.Client(transport=transport, **self._connection.arguments())

    @property
    def url(self) -> str:
        """The gateway's address."""
        return self._connection.url

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, call: Call[T]) -> T:
        """Send one request; repeat it over a new connection where that can do no harm."""
        pauses = list_pauses(repeatable=call.repeatable)
        while True:
            try:
                response = self._http.request(**prepare(self._http, call))
            except httpx.TransportError as error:
                pause = next(pauses, None)
                if pause is None or isinstance(error, httpx.TimeoutException):
                    raise self._connection.explain(error) from error
                time.sleep(pause)
            else:
                check(response)
                return call.parse(response)

    def load(self, call: ListCall[T]) -> Page[T]:
        """Send a request for a list."""
        found = self.send(call)
        return Page(items=found.items, next=found.next, load=lambda cursor: self.load(call.after(cursor)))

    jobs = lists(of_jobs.jobs)
    job = sends(of_jobs.job)
    document = sends(of_jobs.document)
    stop = sends(of_jobs.stop)
    rerun = sends(of_jobs.rerun)
    poisoned = lists(of_jobs.poisoned)
    requeue = sends(of_jobs.requeue)
    clone = sends(of_jobs.clone)
    delete = sends(of_jobs.delete)
    list_events = lists(of_jobs.list_events)
    steps = lists(of_jobs.steps)
    step = sends(of_jobs.step)
    attempts = lists(of_jobs.attempts)
    metrics = lists(of_jobs.metrics)
    summaries = lists(of_jobs.summaries)
    outputs = lists(of_jobs.outputs)
    schema = sends(of_jobs.schema)
    attachments = sends(of_attachments.attachments)
    task = sends(of_tasks.task)
    read_log = sends(of_tasks.read_log)
    read_output = sends(of_tasks.read_output)
    preview_output = sends(of_tasks.preview_output)
    parties = lists(of_parties.parties)
    party = sends(of_parties.party)
    create_party = sends(of_parties.create_party)
    set_slots = sends(of_parties.set_slots)
    set_org = sends(of_parties.set_org)
    delete_party = sends(of_parties.delete_party)
    drain = sends(of_parties.drain)
    resume = sends(of_parties.resume)
    queues = lists(of_parties.queues)
    components = lists(of_parties.components)
    component = sends(of_parties.component)
    tables = lists(of_tables.tables)
    table = sends(of_tables.table)
    preview_table = sends(of_tables.preview_table)
    delete_table = sends(of_tables.delete_table)
    models = lists(of_models.models)
    model = sends(of_models.model)
    deploy_model = sends(of_models.deploy_model)
    delete_model = sends(of_models.delete_model)
    tag_model = sends(of_models.tag_model)
    untag_model = sends(of_models.untag_model)
    tags = lists(of_models.tags)
    delete_tag = sends(of_models.delete_tag)
    tokens = lists(of_access.tokens)
    create_token = sends(of_access.create_token)
    revoke_token = sends(of_access.revoke_token)
    client_keys = lists(of_access.client_keys)
    create_client_key = sends(of_access.create_client_key)
    revoke_client_key = sends(of_access.revoke_client_key)
    whoami = sends(of_access.whoami)
    version = sends(of_access.version)

    def submit(
        self,
        document: DocumentSource,
        *,
        attachments: Files | None = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Job:
        """Submit a job; the answer means that it is stored and will run.

        Args:
            document: a mapping, a path, or YAML text (text of one line that ends in .yaml, .yml or .json is a path).
            attachments: files to upload first, by the names under which commands find them (`{attachment.NAME}`).
            idempotency_key: submitting again with the same key, document and files gives the same job. Without one
                a key is made up for this call, so a repeat after a broken connection makes no second job.
            dry_run: only check the document; the Job in the answer has no id and no tasks. Files are uploaded all
                the same, and forgotten after a day.
            progress: called with the bytes of the files so far and those in all (None where unknown).
        """
        body = read_document(document)
        with open_files(attachments, progress) as sources:
            attached = {name: self._attach(source).id for name, source in sources.items()}
        return self.send(of_jobs.submit(body, attached=attached, idempotency_key=idempotency_key, dry_run=dry_run))

    def upload_attachment(self, file: Path | str | BinaryIO, *, progress: Progress | None = None) -> Upload:
        """Upload a file for jobs to carry: a document names its id under `attachments`.

        Args:
            file: a path, or a binary file that is read from where it stands.
            progress: called with the bytes so far and those in all (None where unknown).
        """
        with Source(file, progress=progress) as source:
            return self._attach(source)

    def _attach(self, source: Source) -> Upload:
        return self._upload(source, of_attachments.put_attachment(size=source.size))

    def download_attachment(self, job: str, name: str, path: Path | str, *, progress: Progress | None = None) -> Path:
        """Write a file that a job carries to the file `path` (or into that folder), which appears only once it is whole."""
        call = of_attachments.stream_attachment(job, name)
        return self._download(call, Download(Path(path), name, progress=progress))

    def wait(self, job: str, *, timeout_s: float | None = None) -> Job:
        """Wait until a job has ended, told by its event stream; WaitTimeoutError after `timeout_s` seconds."""
        feed = EventFeed(job, self._connection, timeout_s=timeout_s)
        found = self.job(job)
        while not found.is_over:
            for _ in self._follow(feed):
                pass
            found = self.job(job)
            if not found.is_over:
                time.sleep(feed.reopen())
        return found

    def events(self, job: str, *, after: int | None = None, timeout_s: float | None = None) -> Iterator[Event]:
        """Yield a job's changes of state as they happen, until it has ended.

        Args:
            job: the job's id.
            after: the id of the last event that is known already; default: from the first on.
            timeout_s: WaitTimeoutError after so many seconds.
        """
        return self._follow(EventFeed(job, self._connection, after=after, timeout_s=timeout_s))

    def _follow(self, feed: EventFeed) -> Iterator[Event]:
        while not feed.ended:
            try:
                yield from self._listen(feed)
                pause = feed.pause_after()
            except httpx.TransportError as error:
                pause = feed.pause_after(error)
            time.sleep(pause)

    def _listen(self, feed: EventFeed) -> Iterator[Event]:
        """The events of one connection."""
        with self._open(feed.call(), silence_s=feed.silence_s()) as response:
            for block in response.iter_bytes():
                yield from feed.take(block)
                if feed.has_enough():
                    break

    @contextmanager
    def _open(self, call: Call[None], *, silence_s: float | None = None) -> Generator[httpx.Response]:
        """An answer whose body is still to come."""
        timeout = httpx.Timeout(self._connection.timeout_s, read=silence_s or self._connection.timeout_s)
        with self._http.stream(**prepare(self._http, call), timeout=timeout) as response:
            if not response.is_success:
                response.read()
            check(response)
            yield response

    def logs(self, task: str, *, offset: int = 0, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Yield a task's log as text, in pieces of any length.

        Args:
            task: the task's id.
            offset: where to begin, in bytes.
            tail: begin so many bytes before the end instead.
            follow: go on until the task has ended, also over a gateway that restarts.
        """
        feed = LogFeed(task, self._connection, offset=offset if tail is None else -tail, follow=follow)
        while not feed.ended:
            try:
                yield feed.take_page(self.send(feed.page_call()))
            except (NoGatewayError, UnreachableError) as error:
                if not follow or self._is_away(feed.task):
                    raise
                time.sleep(feed.pause_after(error))
        if follow:
            yield from self._follow_log(feed)

    def _follow_log(self, feed: LogFeed) -> Iterator[str]:
        while True:
            broken: Broken | None = None
            try:
                with self._open(feed.stream_call()) as response:
                    for block in response.iter_bytes():
                        yield feed.take(block)
            except (httpx.TransportError, UnreachableError) as error:
                broken = error
            if not broken and self._has_ended(feed.task):
                return
            time.sleep(feed.pause_after(broken))

    def _is_away(self, task: str) -> bool:
        """Whether a task's party is offline; one that is online but not connected has yet to find a new gateway."""
        try:
            return not self.party(self.task(task).party).online
        except NoGatewayError:
            return False

    def _has_ended(self, task: str) -> bool:
        """Whether a log that ended in good order ended with its task; a gateway that stops ends it as well."""
        try:
            return self.task(task).is_over
        except NoGatewayError:
            return False

    def download_output(
        self, task: str, name: str, path: Path | str, *, sha256: str = "", progress: Progress | None = None
    ) -> Path:
        """Write an output to the file `path`, which appears only once it is whole.

        Args:
            task: the id of the task that made it.
            name: the output's name.
            path: the file, or a folder in which it is called `name`.
            sha256: what the bytes must add up to, if known (`Output.sha256`).
            progress: called with the bytes so far and those in all (None where unknown).
        """
        call = of_tasks.stream_output(task, name)
        return self._download(call, Download(Path(path), name, sha256=sha256, progress=progress))

    def export_model(self, model_id: str, version: str, path: Path | str, *, progress: Progress | None = None) -> Path:
        """Write a model with every party's part to the file `path`, which appears only once it is whole.

        Args:
            model_id: the model's id.
            version: its version.
            path: the file, or a folder in which it is called `model-VERSION.zip`.
            progress: called with the bytes so far and those in all (None where unknown).
        """
        call = of_models.stream_archive(model_id, version)
        return self._download(call, Download(Path(path), f"model-{version}.zip", progress=progress))

    def _download(self, call: Call[None], download: Download) -> Path:
        with download as target:
            try:
                with self._open(call, silence_s=UPLOAD_TIMEOUT_S) as response:
                    target.begin(response)
                    for block in response.iter_bytes(BLOCK_BYTES):
                        target.write(block)
            except httpx.TransportError as error:
                raise self._connection.explain(error) from error
        return target.path

    def upload(
        self,
        party: str,
        name: str,
        file: Path | str | BinaryIO,
        *,
        progress: Progress | None = None,
        **options: Unpack[UploadOptions],
    ) -> Table:
        """Store a CSV or Parquet file as a data table at a party, streamed.

        Args:
            party: the party's id.
            name: the table's name.
            file: a path, or a binary file that is read from where it stands.
            progress: called with the bytes so far and those in all (None where unknown).
            options: `namespace`, `replace`, `id_column`, `label_column`, `content_type`.
        """
        with Source(file, progress=progress) as source:
            return self._upload(source, source.call(party, name, options))

    def import_model(
        self, file: Path | str | BinaryIO, *, replace: bool = False, progress: Progress | None = None
    ) -> Model:
        """Take in a model that was exported here or elsewhere; its parties must be registered and connected.

        Args:
            file: a path, or a binary file that is read from where it stands.
            replace: replace a model of that name and version, instead of ConflictError.
            progress: called with the bytes so far and those in all (None where unknown).
        """
        with Source(file, progress=progress) as source:
            return self._upload(source, of_models.put_archive(replace=replace, size=source.size))

    def _upload(self, source: Source, call: Call[T]) -> T:
        timeout = httpx.Timeout(self._connection.timeout_s, read=UPLOAD_TIMEOUT_S)
        try:
            response = self._http.request(**prepare(self._http, call), content=source.blocks(), timeout=timeout)
        except httpx.TransportError as error:
            raise self._connection.explain(error) from error
        check(response)
        return call.parse(response)
