"""iFLearner Flow's requests: bodies and queries turned into checked values, each refusal naming the field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.bodies import MalformedBodyError, parse_json
from api.dialects.iflearner.errors import TASK_NAME_EMPTY, RefusedError, make_invalid

DEFAULT_EPOCHS: Final = 10
MAX_EPOCHS: Final = 1_000_000
MAX_LIMIT: Final = 1000
MAX_WORDS: Final = 1000
EPOCH_KEYS: Final = frozenset({"epoch", "epochs"})
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateForm:
    """What a client sends to make or change a template."""

    name: str
    image_url: str
    workdir: str
    command: tuple[str, ...]
    remark: str
    hyper_parameter: tuple[str, ...] | None

    def render_body(self) -> dict[str, Any]:
        """What is stored beside the name."""
        hyper = None if self.hyper_parameter is None else list(self.hyper_parameter)
        return {
            "image_url": self.image_url,
            "workdir": self.workdir,
            "command": list(self.command),
            "remark": self.remark,
            "hyper_parameter": hyper,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskForm:
    """What a client sends to make or change a task; `federates` are (party, data path) in the given order."""

    name: str
    template_id: str
    remark: str
    federates: tuple[tuple[str, str], ...]

    def render_body(self) -> dict[str, Any]:
        """What is stored beside the name."""
        federates = [{"federated_id": party, "federated_data": path} for party, path in self.federates]
        return {"template_id": self.template_id, "remark": self.remark, "federate_data": federates}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartForm:
    """What a start may say, which no published client does: epochs None means the template's."""

    epochs: int | None = None
    hyper_parameter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageForm:
    """Which part of a list."""

    keyword: str = ""
    federated_id: str = ""
    offset: int = 0
    limit: int = 10


def parse_object(raw: bytes) -> Mapping[str, Any]:
    """The JSON object of a body that must be there."""
    try:
        found = parse_json(raw)
    except MalformedBodyError as wrong:
        raise make_invalid(f"Please send a JSON object as the body: {wrong.message}") from wrong
    if not isinstance(found, dict):
        raise make_invalid("Please send a JSON object as the body")
    return found


def parse_template(given: Mapping[str, Any]) -> TemplateForm:
    """A template; absent fields are empty, as the original has it."""
    hyper = given.get("hyper_parameter", [])
    form = TemplateForm(
        name=_text(given, "name", 3, 50),
        image_url=_text(given, "image_url", 1, 255),
        workdir=_text(given, "workdir", 0, 255, default=""),
        command=_words(given.get("command"), "command"),
        remark=_remark(given),
        hyper_parameter=None if hyper is None else _words(hyper, "hyper_parameter"),
    )
    find_epochs(form.hyper_parameter or ())
    return form


def parse_task(given: Mapping[str, Any]) -> TaskForm:
    """A task; the remark may be left out."""
    if "name" in given and given["name"] in (None, ""):
        raise RefusedError(TASK_NAME_EMPTY)
    return TaskForm(
        name=_text(given, "name", 1, 100),
        template_id=_text(given, "template_id", 0, 32),
        remark=_remark(given),
        federates=_federates(given.get("federate_data")),
    )


def parse_start(raw: bytes) -> StartForm:
    """A start; the published clients send no body at all."""
    given = parse_object(raw) if raw.strip() else {}
    epochs = given.get("epochs")
    if epochs is not None and not (type(epochs) is int and 1 <= epochs <= MAX_EPOCHS):
        raise make_invalid(f"Please set the epochs parameter to a whole number between 1 and {MAX_EPOCHS}")
    if given.get("enable_smpc") not in (None, False):
        raise make_invalid("Please leave enable_smpc out: secure aggregation between the parties is not offered")
    hyper = _words(given.get("hyper_parameter"), "hyper_parameter")
    return StartForm(epochs=epochs if epochs is not None else find_epochs(hyper), hyper_parameter=hyper)


def parse_page(query: Mapping[str, str]) -> PageForm:
    """Page and limit as the original counts them: from page 1, a limit of 0 gives an empty list."""
    page = _whole(query, "page", 1, 10**15)
    limit = _whole(query, "limit", 0, MAX_LIMIT)
    keyword, federate = query.get("keyword", ""), query.get("federated_id", "")
    if "\0" in keyword + federate:
        raise make_invalid("Please take the NUL character out of the query")
    return PageForm(keyword=keyword, federated_id=federate, offset=(page - 1) * limit, limit=limit)


def find_epochs(hyper_parameter: tuple[str, ...]) -> int | None:
    """The number of epochs that the last `epoch=` or `epochs=` names, or None."""
    named = [text.partition("=")[2] for text in hyper_parameter if text.partition("=")[0].lstrip("-") in EPOCH_KEYS]
    if not named:
        return None
    if not (
        named[-1].isascii() and named[-1].isdecimal() and len(named[-1]) <= 7 and 1 <= int(named[-1]) <= MAX_EPOCHS
    ):
        raise make_invalid(
            f"Please set epoch in the hyper_parameter parameter to a whole number between 1 and {MAX_EPOCHS}"
        )
    return int(named[-1])


def _text(given: Mapping[str, Any], name: str, least: int, most: int, *, default: str | None = None) -> str:
    found = given.get(name)
    if found is None and default is not None:
        return default
    if not isinstance(found, str) or not least <= len(found) <= most:
        raise make_invalid(f"Please set the {name} parameter length between {least} and {most}")
    return found


def _remark(given: Mapping[str, Any]) -> str:
    found = given.get("remark")
    if found is None:
        return ""
    if not isinstance(found, str):
        raise make_invalid("Please set the remark parameter to a text")
    return found


def _words(found: Any, name: str) -> tuple[str, ...]:
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found) or len(found) > MAX_WORDS:
        raise make_invalid(f"Please set the {name} parameter to a list of at most {MAX_WORDS} texts")
    return tuple(found)


def _federates(found: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(found, list) or len(found) > MAX_WORDS:
        raise make_invalid("Please set the federate_data parameter to a list of federated_id and federated_data")
    federates = tuple(_federate(item) for item in found)
    parties = [party for party, _ in federates]
    for party in parties:
        if parties.count(party) > 1:
            raise make_invalid(f"Please name {party} in the federate_data parameter only once")
    return federates


def _federate(item: Any) -> tuple[str, str]:
    if not isinstance(item, dict):
        raise make_invalid("Please set each item of the federate_data parameter to federated_id and federated_data")
    party = _text(item, "federated_id", 1, 100)
    path = item.get("federated_data")
    if path is None and "federated_data" in item:
        return party, ""
    if not isinstance(path, str) or len(path) > 4096:
        raise make_invalid(f"Please set the federated_data parameter of {party} to a text of at most 4096 characters")
    return party, path


def _whole(query: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return {"page": 1, "limit": 10}[name]
    if not (_WHOLE.fullmatch(text) and least <= int(text) <= most):
        raise make_invalid(f"Please set the {name} parameter to a whole number between {least} and {most}")
    return int(text)
