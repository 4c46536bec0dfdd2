"""The requests about tokens, the caller, and the gateway itself."""

from fedrota.model import ClientKey, Identity, Token, Version
from fedrota.requests.call import Call, ListCall, get, get_list, make_path
from fedrota.responses import many, one, parse_nothing


def tokens() -> ListCall[Token]:
    """List the tokens that the caller may see, without their secrets."""
    return get_list("/tokens", many(Token))


def create_token(
    name: str,
    *,
    role: str | None = None,
    org: str | None = None,
    project: str | None = None,
    party: str | None = None,
    expires_s: float | None = None,
) -> Call[Token]:
    """Make a token; its `secret` is in this answer and never shown again.

    Args:
        name: whom or what it is for.
        role: of a user: project_admin, org_admin, lead or member (the default).
        org: the organisation of a user.
        project: the project of a user.
        party: the party of a worker; giving one makes the token a worker's, which has no role.
        expires_s: how long it is good, in seconds; None is for ever.
    """
    given = {
        "kind": "worker" if party else "user",
        "name": name,
        "role": role if party else role or "member",
        "org": org,
        "project": project,
        "party": party,
        "expires_s": expires_s,
    }
    body = {key: value for key, value in given.items() if value is not None}
    return Call(method="POST", path="/tokens", body=body, parse=one(Token))


def revoke_token(token: str) -> Call[None]:
    """Revoke a token by its id, at once."""
    return Call(method="DELETE", path=make_path("tokens", token), parse=parse_nothing)


def client_keys() -> ListCall[ClientKey]:
    """List the credentials of signing clients that the caller may see, without their secrets."""
    return get_list("/clients", many(ClientKey))


def create_client_key(
    name: str,
    *,
    role: str | None = None,
    org: str | None = None,
    project: str | None = None,
    expires_s: float | None = None,
) -> Call[ClientKey]:
    """Make a credential for a client that signs its requests, as FATE's do; `secret` is never shown again.

    Args:
        name: whom or what it is for; its jobs belong to this name.
        role: project_admin, org_admin, lead (the default) or member.
        org: default: the caller's.
        project: default: the caller's.
        expires_s: how long it is good, in seconds; None is for ever.
    """
    given = {"name": name, "role": role, "org": org, "project": project, "expires_s": expires_s}
    body = {key: value for key, value in given.items() if value is not None}
    return Call(method="POST", path="/clients", body=body, parse=one(ClientKey))


def revoke_client_key(client: str) -> Call[None]:
    """Revoke a client's credential by its id (the app key), at once."""
    return Call(method="DELETE", path=make_path("clients", client), parse=parse_nothing)


def whoami() -> Call[Identity]:
    """Say who the gateway takes the caller for."""
    return get("/whoami", one(Identity))


def version() -> Call[Version]:
    """Say which version the gateway has; needs no token."""
    return get("/version", one(Version))
