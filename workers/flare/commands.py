"""Questions to a job while it runs: each is a file in the attempt's folder, and so is its answer."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from workers.flare.news import write_mark

FOLDER: Final = "commands"
QUESTION: Final = ".question"
ANSWER: Final = ".answer"
CLOSED: Final = "closed"


def take_commands(place: Path) -> None:
    """From now on questions are answered."""
    (place / FOLDER).mkdir(exist_ok=True)


def refuse_commands(place: Path) -> None:
    """The job has ended: whoever waits for an answer need not wait any longer."""
    (place / FOLDER / CLOSED).touch()


def answer_commands(place: Path, session: Any, job: str, *, known_as: str) -> None:
    """Answer each question that has come: {"value": ...} or {"error": "..."}; `known_as` is the job's id outside."""
    for question in sorted((place / FOLDER).glob(f"*{QUESTION}")):
        given = json.loads(question.read_text())
        question.unlink()
        write_mark(question.with_suffix(ANSWER), rename(_answer(given, session, job), job, known_as))


def _answer(given: dict[str, Any], session: Any, job: str) -> dict[str, Any]:
    """What the job says; every error of FLARE's is an answer too, since the job goes on."""
    ask: dict[str, Callable[[], Any]] = {
        "stats": lambda: session.show_stats(job, "all"),
        "errors": lambda: session.show_errors(job, "all"),
        "reset_errors": lambda: session.reset_errors(job),
        "configure_log": lambda: [session.configure_job_log(job, given["config"], each) for each in given["targets"]],
        "app_command": lambda: session.do_app_command(job, given["topic"], given["data"]),
    }
    try:
        return {"value": ask[given["op"]]()}
    except ConnectionError:
        return {"error": "FLARE's server did not answer in time; ask again", "kind": "NoReply"}
    except list_errors() as wrong:
        return {"error": str(wrong), "kind": type(wrong).__name__}


def rename(value: Any, job: str, known_as: str) -> Any:
    """The same value with FLARE's id of the job replaced by the one that users know, in texts at any depth."""
    if isinstance(value, dict):
        return {name: rename(each, job, known_as) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rename(each, job, known_as) for each in value]
    return value.replace(job, known_as) if isinstance(value, str) else value


def list_errors() -> tuple[type[Exception], ...]:
    """What FLARE's session raises: its own classes, and the built-in ones that it uses beside them."""
    spec = vars(import_module("nvflare.fuel.flare_api.api_spec")).values()
    own = (each for each in spec if isinstance(each, type) and issubclass(each, Exception))
    return (*own, ConnectionError, TimeoutError, ValueError, TypeError, KeyError, SyntaxError)
