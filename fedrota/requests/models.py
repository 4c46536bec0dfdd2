"""The requests about models: versions, their parts, what marks them, archives."""

from collections.abc import Sequence
from typing import Final

from fedrota.model import Model, Tag
from fedrota.requests.call import Call, ListCall, get, get_list, make_path, make_query
from fedrota.responses import many, one, parse_nothing

ZIP: Final = "application/zip"


def models(
    *,
    model_id: str | None = None,
    role: str | None = None,
    party: str | None = None,
    tag: str | None = None,
    job: str | None = None,
    limit: int | None = None,
) -> ListCall[Model]:
    """List the project's models, the newest first."""
    query = make_query(model_id=model_id, role=role, party=party, tag=tag, job=job, limit=limit)
    return get_list("/models", many(Model), query)


def model(model_id: str, version: str) -> Call[Model]:
    """Get one version of a model with its parts."""
    return get(make_path("models", model_id, version), one(Model))


def deploy_model(model_id: str, version: str, components: Sequence[str] = ()) -> Call[Model]:
    """Make a version of which it is settled which steps predict; the one it comes from stays as it is.

    Args:
        model_id: the model's id.
        version: the version to start from.
        components: steps of the job that made it; empty: all of them.
    """
    path, body = make_path("models", model_id, version, "deploy"), {"components": list(components)}
    return Call(method="POST", path=path, body=body, parse=one(Model))


def delete_model(model_id: str, version: str) -> Call[None]:
    """Delete a version of a model; the job that made it is kept."""
    return Call(method="DELETE", path=make_path("models", model_id, version), parse=parse_nothing)


def tag_model(model_id: str, version: str, tag: str) -> Call[Tag]:
    """Tag a version of a model; the tag is made where there is none of that name."""
    path = make_path("models", model_id, version, "tags", tag)
    return Call(method="PUT", path=path, parse=one(Tag), repeatable=True)


def untag_model(model_id: str, version: str, tag: str) -> Call[None]:
    """Remove a tag from a version of a model."""
    return Call(method="DELETE", path=make_path("models", model_id, version, "tags", tag), parse=parse_nothing)


def tags() -> ListCall[Tag]:
    """List the project's tags by name."""
    return get_list("/tags", many(Tag))


def delete_tag(tag: str) -> Call[None]:
    """Delete a tag; models that bore it bear it no more."""
    return Call(method="DELETE", path=make_path("tags", tag), parse=parse_nothing)


def stream_archive(model_id: str, version: str) -> Call[None]:
    """The request for a model's archive as a stream."""
    return Call(method="GET", path=make_path("models", model_id, version, "archive"), parse=parse_nothing)


def put_archive(*, replace: bool, size: int | None) -> Call[Model]:
    """The request that carries an archive's bytes, which its sender adds; `size` is in bytes, None where unknown."""
    headers = {"Content-Type": ZIP} if size is None else {"Content-Type": ZIP, "Content-Length": str(size)}
    return Call(method="POST", path="/models", query=make_query(replace=replace), headers=headers, parse=one(Model))
