"""Draws the page about the job document: `python -m api.native.document_page > docs/job-document.md`."""

import sys
from collections.abc import Mapping
from typing import Any, Final

import orjson

from api.native.system import make_job_schema

Schema = Mapping[str, Any]

EXAMPLE: Final = """\
name: breast-lr
parties:
  guest: ["9999"]
  host: ["10000", "10001"]
priority: 5
deadline_s: 3600
labels: {team: risk}
steps:
  - name: read
    component: reader
    params: {table: breast_train}
    overrides:
      host.1: {table: breast_b}         # the second host's table has another name
  - name: train
    component: homo_lr
    inputs: {train: read.data}
    params: {rounds: 30}
    timeout_s: 600
    retry: {attempts: 5, on: [lost, unreachable]}
  - name: report
    command: [python, report.py, --model, "{input.model}", --out, "{output.page}", --title, "{param.title}"]
    inputs: {model: train.model}
    outputs: {page: file}
    params: {title: Breast cancer}
    roles: [guest]
"""
_BEFORE: Final = f"""\
# The job document

What `fedrota submit` (as YAML or JSON) and `POST /fedrota/v1/jobs` accept. `fedrota submit --dry-run` checks one without
running it; every error names its place in the document. As JSON Schema: `GET /fedrota/v1/schemas/job`.

```yaml
{EXAMPLE}```

- **Roles and parties.** Each step runs at all parties of its `roles` together, by default at all of the job's. `overrides` change
  `params` for a role (`host`) or for one of its parties (`host.1` is the second host); the more specific one wins.
- **Order.** A step waits for those in its `needs` and those whose outputs it takes; others run in parallel. `inputs` name
  an output as `step.output`, or `JOB:step.output` for an output of an earlier job at the same parties.
- **What runs.** A `component` that the parties' workers offer ([the list](components/README.md), or
  [your own](guides/write-a-component.md)), or a `command`: a program with its arguments, in a container where `image` is given.
  In a command `{{param.x}}` stands for a parameter, `{{input.x}}`, `{{output.x}}` and `{{attachment.x}}` for files.
- **All or none.** A step that exchanges messages starts when all its parties have its `slots` free at once (`gang`).
  Where one party fails, the others are stopped, and a retry is a new attempt of all.
"""
_AFTER: Final = """\
Kinds of failure: `error`, the component raised; `exit`, a process ended with a nonzero exit status; `timeout`, the step's time
was over; `invalid`, the party cannot run this; `limit`, memory, disk or file size ran out; `lost`, the process or the worker
died, or the party was silent for too long; `interrupted`, the worker was stopped; `unreachable`, another party or its messages
did not come.
"""
_TITLES: Final = {"JobDocument": "The job", "StepDocument": "A step", "RetryDocument": "`retry` of a step"}
_WORDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "",
}


def render_page() -> str:
    """The page in Markdown."""
    schema = make_job_schema()
    parts = {"JobDocument": schema, **schema["$defs"]}
    return "\n".join([_BEFORE, *(_render_part(title, parts[name]) for name, title in _TITLES.items()), _AFTER])


def _render_part(title: str, part: Schema) -> str:
    must = part.get("required", ())
    rows = [_render_field(name, field, is_needed=name in must) for name, field in part["properties"].items()]
    head = ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## {title}", "", part["description"], "", *head, *rows, ""])


def _render_field(name: str, field: Schema, *, is_needed: bool) -> str:
    default = field.get("default")
    shown = "required" if is_needed else "" if default is None else f"`{orjson.dumps(default).decode()}`"
    return f"| `{name}` | {_name_type(field)} | {shown} | {field['description']} |"


def _name_type(field: Schema) -> str:
    """The type in words, with its limits."""
    if "$ref" in field:
        return "object, see below"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(filter(None, map(_name_type, field["anyOf"]))))
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_name_items(field['items'])}"
    if field["type"] == "object":
        named = field.get("patternProperties", {}).values()
        return f"object of {_name_items(next(iter(named), field.get('additionalProperties')))}"
    return " ".join(filter(None, (_WORDS[field["type"]], _name_limits(field))))


def _name_items(items: Any) -> str:
    """What stands in a list or an object; anything where the schema does not say."""
    if not isinstance(items, Mapping):
        return "any values"
    return "objects, see below" if "$ref" in items else _name_type(items)


def _name_limits(field: Schema) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if "exclusiveMinimum" in field:
        return f"above {field['exclusiveMinimum']:g}"
    if least is None or most is None:
        return ""
    return f"from {least:g} to {most:g}"


if __name__ == "__main__":
    sys.stdout.write(render_page())
