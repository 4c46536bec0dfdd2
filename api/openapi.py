"""The OpenAPI 3.1 document, made from the endpoints that are served."""

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from api.native.replies import ErrorReply
from api.routing import JSON, Endpoint, NoQuery

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_TEMPLATE: Final = "#/components/schemas/{model}"
_ERRORS: Final[Mapping[str, str]] = {
    "400": "The request or its body cannot be read.",
    "401": "The token is missing, unknown, expired or revoked.",
    "403": "The caller may not do this.",
    "404": "There is no such thing, or it is not the caller's to see.",
    "409": "It does not fit the present state.",
    "413": "The body is too large.",
    "422": "The request is wrong in the named places.",
    "429": "Too much at once: try again after Retry-After seconds.",
    "500": "A defect of the gateway; the incident is in its log.",
    "503": "The party that must answer is not connected.",
}
_OPEN_ERRORS: Final = ("404", "422", "500")


def make_openapi(endpoints: Iterable[Endpoint], *, version: str) -> bytes:
    """The document as JSON; deterministic."""
    listed = list(endpoints)
    schemas = _Schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in listed:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _describe(endpoint, schemas)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "fedrota",
            "version": version,
            "summary": "Jobs that span several parties.",
            "description": "Times are RFC 3339 UTC; durations are seconds (`_s`); lists go on at `after=<next>`. "
            "Every refusal has the form of ErrorReply.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(endpoint.tag for endpoint in listed)],
        "paths": paths,
        "components": {
            "schemas": schemas.shared,
            "responses": _refusals(schemas),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "frt_<id>_<secret>"},
            },
        },
    }
    # In the order of the code, which the API page keeps: what it shows first, it offers.
    return orjson.dumps(document)


class _Schemas:
    """The JSON Schemas of all replies and bodies, with shared definitions."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        listed = list(endpoints)
        bodies = [kind for endpoint in listed for kind in (endpoint.body, endpoint.takes) if kind is not None]
        replies = [
            kind for endpoint in listed for kind in (endpoint.reply, *endpoint.also.values()) if kind is not None
        ]
        inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = [
            *((kind, "validation", TypeAdapter(kind)) for kind in bodies),
            *((_key(kind), "serialization", TypeAdapter(kind)) for kind in (*replies, ErrorReply)),
        ]
        found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_TEMPLATE)
        self._found = found
        self.shared: dict[str, Any] = definitions.get("$defs", {})

    def body(self, kind: Any) -> Any:
        """The schema of a request's body."""
        return self._found[kind, "validation"]

    def reply(self, kind: Any) -> Any:
        """The schema of an answer."""
        return self._found[_key(kind), "serialization"]


def _key(kind: Any) -> str:
    return repr(kind)


def _describe(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": inspect.getdoc(endpoint.serve) or "",
        "tags": [endpoint.tag],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_headers(endpoint)],
        "responses": _responses(endpoint, schemas),
    }
    body = _body(endpoint, schemas)
    if body:
        described["requestBody"] = body
    if endpoint.access == "open":
        described["security"] = []
    return described


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PLACEHOLDER.findall(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is NoQuery:
        return []
    schema = endpoint.query.model_json_schema()
    definitions = schema.get("$defs", {})
    return [
        _parameter(name, _inline(found, definitions), required=name in schema.get("required", ()))
        for name, found in schema["properties"].items()
    ]


def _parameter(name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    described = {"name": name, "in": "query", "required": required, "schema": schema}
    text = schema.pop("description", "")
    return {**described, "description": text} if text else described


def _inline(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema without references, and without the null that only stands for "left out"."""
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    options = [item for item in schema.get("anyOf", ()) if item != {"type": "null"}]
    if len(options) == 1:
        kept = {key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}}
        return _inline({**options[0], **kept}, definitions)
    return {key: _inline(value, definitions) for key, value in schema.items() if key != "title"}


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": text}
        for name, text in endpoint.headers.items()
    ]


def _body(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    if endpoint.body is not None:
        content = {JSON: {"schema": schemas.body(endpoint.body)}}
        return {"required": not endpoint.is_body_optional, "content": content}
    if not endpoint.uploads:
        return {}
    schema = schemas.body(endpoint.takes) if endpoint.takes else {"type": "string", "format": "binary"}
    return {"required": True, "content": {media: {"schema": schema} for media in endpoint.uploads}}


def _responses(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    wanted = {endpoint.status: endpoint.reply, **endpoint.also}
    found: dict[str, Any] = {}
    for status, reply in wanted.items():
        answer: dict[str, Any] = {"description": endpoint.summary}
        if status != 204:
            answer["content"] = {
                media: {"schema": schemas.reply(reply) if media == JSON and reply is not None else {"type": "string"}}
                for media in endpoint.media
            }
        found[str(status)] = answer
    for error in _ERRORS:
        if endpoint.access != "open" or error in _OPEN_ERRORS:
            found.setdefault(error, {"$ref": f"#/components/responses/{error}"})
    return found


def _refusals(schemas: _Schemas) -> dict[str, Any]:
    content = {JSON: {"schema": schemas.reply(ErrorReply)}}
    return {status: {"description": text, "content": content} for status, text in _ERRORS.items()}
