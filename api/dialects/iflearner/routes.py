"""iFLearner Flow's routes: every answer is its envelope, with HTTP 200 for all that an application may ask."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bodies import read_bytes
from api.bridge import utc_now
from api.dialects.iflearner.errors import (
    NO_ROUTE,
    TASK_NAME_TAKEN,
    TASK_PARTY_NOT_FOUND,
    TASK_STATUS,
    TEMPLATE_NAME_TAKEN,
    RefusedError,
    make_invalid,
    naming,
    translate,
)
from api.dialects.iflearner.requests import (
    TaskForm,
    TemplateForm,
    parse_object,
    parse_page,
    parse_start,
    parse_task,
    parse_template,
)
from api.dialects.iflearner.responses import (
    render_federates,
    render_refusal,
    render_run,
    render_success,
    render_task,
    render_template,
)
from api.dialects.iflearner.vocabulary import FEDERATE, TASK, TEMPLATE, make_draft
from api.keys import PATIENCE, PRINCIPAL, READER, SETTINGS, WRITER
from api.legacy import admit_legacy
from api.party_calls import ask_party
from api.planning import plan_job
from scheduler.domain.access import Action, Principal, subject_of
from scheduler.domain.errors import FedrotaError, NotFoundError
from scheduler.domain.model import Task
from scheduler.domain.plan import Draft
from scheduler.domain.states import State
from scheduler.service.ids import new_definition_id
from scheduler.service.runs import (
    LAST_RUN,
    Definition,
    change_definition,
    find_open_run,
    forget_definition,
    start_run,
    stop_run,
)
from scheduler.service.templates import TemplateText, change_template, create_template, forget_template
from scheduler.store.queries.jobs import JobFilter, list_job_details, list_jobs
from scheduler.store.queries.parties import list_parties
from scheduler.store.queries.templates import Template, find_template_named, get_template, list_templates
from scheduler.store.tx import Tx

ROOT: Final = "/api/v1"
MAX_TASKS: Final = 10_000
MAX_RUNS: Final = 100
LOG_BYTES: Final = 4 << 20
_UNSTARTED: Final = frozenset({State.WAITING, State.READY, State.DISPATCHED})

Answer = Callable[[web.Request], Awaitable[web.Response]]


def add_routes(app: web.Application) -> None:
    """Serve iFLearner Flow's clients; each path also with a slash at its end, as party hosts call it."""
    for path, answers in ROUTES.items():
        for address in (ROOT + path, f"{ROOT}{path}/"):
            for method, answer in answers.items():
                app.router.add_route(method, address, _make_handler(answer))
            app.router.add_route("*", address, _make_refusal(", ".join(answers)))
    app.router.add_route("*", ROOT + "/{rest:.*}", _refuse_path)


def _make_handler(answer: Answer) -> Answer:
    async def handle(request: web.Request) -> web.Response:
        try:
            request[PRINCIPAL] = await admit_legacy(request)
            _check_path(request)
            return await answer(request)
        except FedrotaError as wrong:
            return render_refusal(translate(wrong))

    return handle


def _check_path(request: web.Request) -> None:
    for kind, identity in request.match_info.items():
        if "\0" in identity:
            raise NotFoundError(f"iflearner.{kind}", identity)


def _make_refusal(known: str) -> Answer:
    """The answer to verbs that a path does not have."""

    async def refuse(request: web.Request) -> web.Response:
        answer = render_refusal(
            RefusedError(NO_ROUTE, f"{request.path} knows no {request.method}; it knows {known}", status=405)
        )
        answer.headers["Allow"] = known
        return answer

    return refuse


async def _refuse_path(request: web.Request) -> web.Response:
    return render_refusal(RefusedError(NO_ROUTE, f"there is no {request.path} here", status=404))


# --- Templates ------------------------------------------------------------------------------------


def _text(kind: str, form: TemplateForm | TaskForm) -> TemplateText:
    return TemplateText(kind=kind, name=form.name, body=form.render_body())


async def add_template(request: web.Request) -> web.Response:
    """Store a template."""
    by = _let(request, Action.SUBMIT_JOB)
    form = parse_template(parse_object(await read_bytes(request)))

    def create(tx: Tx) -> Template:
        with naming(TEMPLATE_NAME_TAKEN):
            return create_template(tx, new_definition_id(30), _text(TEMPLATE, form), by=by, now=utc_now())

    made = await request.app[WRITER].write(create)
    return render_success({"template_id": made.id})


async def update_template(request: web.Request) -> web.Response:
    """Change a template; the order of the checks is the original's."""
    by, template = _let(request, Action.SUBMIT_JOB), request.match_info["template"]
    await request.app[READER].read(lambda tx: get_template(tx, by.project, TEMPLATE, template))
    given = parse_object(await read_bytes(request))

    def change(tx: Tx) -> None:
        _check_name_free(tx, by.project, template, given)
        form = parse_template(given)
        with naming(TEMPLATE_NAME_TAKEN):
            change_template(tx, template, _text(TEMPLATE, form), by=by, now=utc_now())

    await request.app[WRITER].write(change)
    return render_success()


def _check_name_free(tx: Tx, project: str, template: str, given: Mapping[str, Any]) -> None:
    name = given.get("name")
    found = find_template_named(tx, project, TEMPLATE, name) if isinstance(name, str) else None
    if found is not None and found.id != template:
        raise RefusedError(TEMPLATE_NAME_TAKEN)


async def read_template(request: web.Request) -> web.Response:
    """One template."""
    by = _let(request, Action.READ_JOB)
    found = await request.app[READER].read(
        lambda tx: get_template(tx, by.project, TEMPLATE, request.match_info["template"])
    )
    return render_success(render_template(found))


async def find_templates(request: web.Request) -> web.Response:
    """A page of templates, in the order in which they were made."""
    by, page = _let(request, Action.READ_JOB), parse_page(request.query)
    found, total = await request.app[READER].read(
        lambda tx: list_templates(tx, by.project, TEMPLATE, keyword=page.keyword, offset=page.offset, limit=page.limit)
    )
    return render_success({"templates": [render_template(each) for each in found], "template_count": total})


async def delete_template(request: web.Request) -> web.Response:
    """Forget a template; what runs from it goes on."""
    by = _let(request, Action.SUBMIT_JOB)
    await request.app[WRITER].write(lambda tx: forget_template(tx, request.match_info["template"], TEMPLATE, by=by))
    return render_success()


# --- Tasks ----------------------------------------------------------------------------------------


async def add_task(request: web.Request) -> web.Response:
    """Store a task; its parties and its template are looked at when it is started."""
    by = _let(request, Action.SUBMIT_JOB)
    form = parse_task(parse_object(await read_bytes(request)))
    is_strict = request.app[SETTINGS].iflearner_strict

    def create(tx: Tx) -> Template:
        if is_strict:
            get_template(tx, by.project, TEMPLATE, form.template_id)
        with naming(TASK_NAME_TAKEN):
            return create_template(tx, new_definition_id(32), _text(TASK, form), by=by, now=utc_now())

    made = await request.app[WRITER].write(create)
    return render_success({"task_id": made.id})


async def update_task(request: web.Request) -> web.Response:
    """Change a task; a run that is under way keeps what it was started with."""
    by, task = _let(request, Action.SUBMIT_JOB), request.match_info["task"]
    await request.app[READER].read(lambda tx: get_template(tx, by.project, TASK, task))
    form = parse_task(parse_object(await read_bytes(request)))

    def change(tx: Tx) -> None:
        with naming(TASK_NAME_TAKEN):
            change_definition(tx, _name(by, task), name=form.name, body=form.render_body(), by=by, now=utc_now())

    await request.app[WRITER].write(change)
    return render_success()


async def read_task(request: web.Request) -> web.Response:
    """One task with the status of its latest run."""
    by, task = _let(request, Action.READ_JOB), request.match_info["task"]

    def read(tx: Tx) -> dict[str, Any]:
        found = get_template(tx, by.project, TASK, task)
        return render_task(found, list_job_details(tx, _list_runs([found])))

    return render_success(await request.app[READER].read(read))


async def find_tasks(request: web.Request) -> web.Response:
    """A page of tasks, in the order in which they were made; `federated_id` narrows to a party's."""
    by, page = _let(request, Action.READ_JOB), parse_page(request.query)

    def read(tx: Tx) -> dict[str, Any]:
        if page.federated_id:
            every, _ = list_templates(tx, by.project, TASK, keyword=page.keyword, limit=MAX_TASKS)
            of_party = [each for each in every if _has_party(each, page.federated_id)]
            found, total = of_party[page.offset : page.offset + page.limit], len(of_party)
        else:
            found, total = list_templates(
                tx, by.project, TASK, keyword=page.keyword, offset=page.offset, limit=page.limit
            )
        runs = list_job_details(tx, _list_runs(found))
        return {"tasks": [render_task(each, runs) for each in found], "task_count": total}

    return render_success(await request.app[READER].read(read))


def _list_runs(tasks: list[Template]) -> list[str]:
    return [task.body[LAST_RUN] for task in tasks if LAST_RUN in task.body]


def _has_party(task: Template, party: str) -> bool:
    return any(item["federated_id"] == party for item in task.body["federate_data"])


async def delete_task(request: web.Request) -> web.Response:
    """Forget a task that does not run; its runs stay in the native interface."""
    by = _let(request, Action.SUBMIT_JOB)
    await request.app[WRITER].write(lambda tx: forget_definition(tx, _name(by, request.match_info["task"]), by=by))
    return render_success()


async def start_task(request: web.Request) -> web.Response:
    """Run a task; all is checked before anything is sent to any party."""
    by, task = _let(request, Action.SUBMIT_JOB), request.match_info["task"]
    raw, settings = await read_bytes(request), request.app[SETTINGS]

    def draft(tx: Tx) -> Draft:
        found = get_template(tx, by.project, TASK, task)
        if find_open_run(tx, found) is not None:
            raise RefusedError(TASK_STATUS)
        form = parse_start(raw)
        template = get_template(tx, by.project, TEMPLATE, found.body["template_id"])
        return make_draft(found, template, form, parties=list_parties(tx), server=settings.iflearner_server, by=by)

    submission = await plan_job(request, await request.app[READER].read(draft))
    limit = settings.open_jobs_per_user
    await request.app[WRITER].write(
        lambda tx: start_run(tx, _name(by, task), submission, now=utc_now(), open_jobs_per_user=limit)
    )
    return render_success()


async def stop_task(request: web.Request) -> web.Response:
    """Stop a task, by whoever may stop the job that it runs as; a party that is away is told when it is back."""
    by, task = _let(request, Action.CONTROL_JOB), request.match_info["task"]
    patience = request.app[PATIENCE]

    def stop(tx: Tx) -> None:
        run = find_open_run(tx, get_template(tx, by.project, TASK, task))
        if run is not None:
            require(by, Action.CONTROL_JOB, subject_of(run), kind="job", identity=run.id)
        stop_run(tx, _name(by, task), reason=f"stopped by {by.name}", now=utc_now(), patience=patience)

    await request.app[WRITER].write(stop)
    return render_success()


# --- Beyond the original --------------------------------------------------------------------------


async def find_runs(request: web.Request) -> web.Response:
    """The latest runs of a task, the newest first."""
    by, task = _let(request, Action.READ_JOB), request.match_info["task"]

    def read(tx: Tx) -> list[dict[str, Any]]:
        get_template(tx, by.project, TASK, task)
        page = list_jobs(tx, JobFilter(project=by.project, labels={TASK: task}), after=None, limit=MAX_RUNS)
        runs = list_job_details(tx, [job.id for job in page.items])
        return [render_run(runs[job.id]) for job in page.items]

    runs = await request.app[READER].read(read)
    return render_success({"runs": runs, "run_count": len(runs)})


async def read_logs(request: web.Request) -> web.Response:
    """The end of a federate's log, also after its task has ended; read at the party."""
    by, task = _let(request, Action.READ_JOB), request.match_info["task"]
    federate = request.query.get("federated_id", "")

    def find(tx: Tx) -> list[Task]:
        found = get_template(tx, by.project, TASK, task)
        if federate and not _has_party(found, federate):
            raise RefusedError(TASK_PARTY_NOT_FOUND)
        details = list_job_details(tx, _list_runs([found])).values()
        tasks = [each for detail in details for each in detail.tasks]
        return [each for each in tasks if each.role == FEDERATE and federate in {"", each.party}]

    tasks = await request.app[READER].read(find)
    if len(tasks) > 1:
        raise make_invalid("Please set the federated_id parameter: the task has several parties")
    return render_success({"logs": await _read_lines(request, tasks[0]) if tasks else []})


async def _read_lines(request: web.Request, task: Task) -> list[str]:
    if task.state in _UNSTARTED or not task.seq:
        return []
    args = {"task": task.id, "seq": task.seq, "offset": -LOG_BYTES, "limit": LOG_BYTES}
    result, body = await ask_party(request, task.party, "log.read", args)
    text = body.decode(errors="replace") if body else str(result.get("text", ""))
    return text.split("\n")


async def find_federates(request: web.Request) -> web.Response:
    """All registered parties, and when each was last heard of."""
    _let(request, Action.READ_PARTY)
    parties = await request.app[READER].read(list_parties)
    return render_success(render_federates(parties, now=utc_now(), offline_s=request.app[PATIENCE].offline_s))


def _name(by: Principal, task: str) -> Definition:
    return Definition(id=task, kind=TASK, project=by.project)


def _let(request: web.Request, action: Action) -> Principal:
    principal: Principal = request[PRINCIPAL]
    require(principal, action)
    return principal


ROUTES: Final[Mapping[str, Mapping[str, Answer]]] = {
    "/template": {"GET": find_templates, "POST": add_template},
    "/template/{template}": {"GET": read_template, "PUT": update_template, "DELETE": delete_template},
    "/task": {"GET": find_tasks, "POST": add_task},
    "/task/{task}": {"GET": read_task, "PUT": update_task, "DELETE": delete_task},
    "/task/{task}/start": {"POST": start_task},
    "/task/{task}/stop": {"POST": stop_task},
    "/task/{task}/runs": {"GET": find_runs},
    "/task/{task}/logs": {"GET": read_logs},
    "/federate": {"GET": find_federates},
}
