"""Questions to a job while it runs: each is a file in the attempt's folder, and so is its answer."""

import json
from pathlib import Path
from typing import Any, Final

from workers.flare.news import write_mark

FOLDER: Final = "commands"
QUESTION: Final = ".question"
ANSWER: Final = ".answer"


def answer_commands(place: Path, session: Any, job: str) -> None:
    """Answer each question that has come: {"value": ...} or {"error": "..."}."""
    for question in sorted((place / FOLDER).glob(f"*{QUESTION}")):
        given = json.loads(question.read_text())
        question.unlink()
        write_mark(question.with_suffix(ANSWER), _answer(given, session, job))


def _answer(given: dict[str, Any], session: Any, job: str) -> dict[str, Any]:
    """What the job says; every error of FLARE's is an answer too, since the job goes on."""
    ask = {
        "stats": lambda: session.show_stats(job, "all"),
        "errors": lambda: session.show_errors(job, "all"),
        "reset_errors": lambda: session.reset_errors(job),
        "app_command": lambda: session.do_app_command(job, given["topic"], given["data"]),
    }
    try:
        return {"value": ask[given["op"]]()}
    except Exception as wrong:  # noqa: BLE001
        return {"error": str(wrong), "kind": type(wrong).__name__}
