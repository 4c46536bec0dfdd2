"""What FATE's clients say of models: names, members, lists of components; numbers and texts alike for party ids."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import parse_json_text

Body = Mapping[str, Any]
Member = tuple[str, str]
MAX_NAME: Final = 1000


def need_texts(body: Body, *names: str) -> tuple[str, ...]:
    """The named members as texts; FateError (101) where one is missing, empty or no text."""
    found = []
    for name in names:
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            raise FateError(RetCode.ARGUMENT, f"required argument are missing: {name}")
        if len(value) > MAX_NAME or not value.isprintable():
            raise FateError(RetCode.ARGUMENT, f"{name} must be a printable text of at most {MAX_NAME} characters")
        found.append(value.strip())
    return tuple(found)


def find_text(body: Body, name: str) -> str:
    """A member as a text, empty where it is absent or of another kind (clients leave files' contents there)."""
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def read_member(body: Body) -> Member:
    """The (role, party) that a call about one party's model names."""
    (role,) = need_texts(body, "role")
    return role, parse_party(body.get("party_id"), "party_id")


def parse_party(given: Any, where: str) -> str:
    """A party's id as a text, from a number or a text; FateError (101) where it is neither."""
    if isinstance(given, bool) or not isinstance(given, (int, str)) or not str(given).strip():
        raise FateError(RetCode.ARGUMENT, f"required argument are missing: {where} (a number or a text)")
    return str(given).strip()


def parse_members(given: Any, where: str) -> dict[str, list[str]]:
    """Parties by role, from `{"guest": [9999], ...}`; FateError (101) where it is none."""
    if not isinstance(given, Mapping) or not given:
        raise FateError(RetCode.ARGUMENT, f"required argument are missing: {where} (an object of lists of party ids)")
    found: dict[str, list[str]] = {}
    for role, parties in given.items():
        listed = parties if isinstance(parties, list) else [parties]
        found[str(role)] = [parse_party(party, f"{where}.{role}") for party in listed]
    return found


def list_members(roles: Mapping[str, list[str]]) -> Iterator[Member]:
    """(role, party) of each."""
    return ((role, party) for role, parties in roles.items() for party in parties)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which model a load or a binding is about, and for which parties (None: all that it has)."""

    model_id: str
    model_version: str
    roles: Mapping[str, list[str]] | None


def parse_target(body: Body) -> Target | None:
    """What the body names by conf; None where it has only a `job_id`, by which the rest is to be looked up."""
    params = body.get("job_parameters")
    if not isinstance(params, Mapping):
        if find_text(body, "job_id"):
            return None
        raise FateError(RetCode.ARGUMENT, "required argument are missing: job_parameters (model_id, model_version)")
    # From version 2 on the names may stand one level deeper.
    common = params.get("common")
    model_id, version = need_texts(common if isinstance(common, Mapping) else params, "model_id", "model_version")
    return Target(model_id=model_id, model_version=version, roles=parse_members(body.get("role"), "role"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """What of a model is to predict: some components, or a DSL that says so itself; neither means all."""

    model_id: str
    model_version: str
    components: tuple[str, ...] | None
    dsl: Mapping[str, Any] | None


def parse_deploy(body: Body) -> DeployRequest:
    """What `model/deploy` asks for; FateError (101) where it contradicts itself."""
    model_id, version = need_texts(body, "model_id", "model_version")
    dsl = _parse_dsl(body)
    components = _parse_components(body.get("cpn_list", body.get("cpn_str")))
    if dsl is not None and components is not None:
        raise FateError(RetCode.ARGUMENT, "give cpn_list or predict_dsl, not both")
    if body.get("components_checkpoint"):
        raise FateError(
            RetCode.ARGUMENT,
            "components_checkpoint: no component of this model left a checkpoint (checkpoint/list shows none); "
            "leave it out to deploy the model as training left it",
        )
    return DeployRequest(model_id=model_id, model_version=version, components=components, dsl=dsl)


def _parse_dsl(body: Body) -> Mapping[str, Any] | None:
    given = body.get("predict_dsl") or body.get("dsl")
    if isinstance(given, str):
        given = parse_json_text(given, "predict_dsl", retcode=RetCode.ARGUMENT)
    if given in (None, {}):
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("components"), Mapping) or not given["components"]:
        raise FateError(RetCode.ARGUMENT, 'predict_dsl must be an object with "components"')
    return given


def _parse_components(given: Any) -> tuple[str, ...] | None:
    if isinstance(given, str):
        given = [name for name in given.strip("[] ").replace(",", " ").split() if name]
    if not given:
        return None
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise FateError(RetCode.ARGUMENT, "cpn_list must be a list of component names")
    return tuple(dict.fromkeys(given))


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateRequest:
    """A model's parts under other parties' names; `version` None: a new one."""

    model_id: str
    model_version: str
    members: Mapping[Member, Member]
    roles: Mapping[str, list[str]]
    initiator: Member
    executors: Mapping[str, list[str]]
    version: str | None


def parse_migrate(body: Body) -> MigrateRequest:
    """What `model/migrate` asks for; FateError (100) where nothing would change, (101) where new and old roles differ."""
    model_id, version = need_texts(body, "model_id", "model_version")
    old, new = parse_members(body.get("role"), "role"), parse_members(body.get("migrate_role"), "migrate_role")
    executors = parse_members(body.get("execute_party"), "execute_party")
    if {role: sorted(parties) for role, parties in old.items()} == {role: sorted(each) for role, each in new.items()}:
        raise FateError(RetCode.EXCEPTION, "the migrate_role is the same as role: there is nothing to migrate")
    if {role: len(parties) for role, parties in old.items()} != {role: len(each) for role, each in new.items()}:
        raise FateError(RetCode.ARGUMENT, "migrate_role must name as many parties of each role as role does")
    initiator = body.get("migrate_initiator")
    if not isinstance(initiator, Mapping):
        raise FateError(RetCode.ARGUMENT, "required argument are missing: migrate_initiator")
    begins = read_member(initiator)
    if begins[1] not in new.get(begins[0], ()):
        raise FateError(RetCode.ARGUMENT, f"migrate_initiator {begins[0]} {begins[1]} is not in migrate_role")
    return MigrateRequest(
        model_id=model_id,
        model_version=version,
        members={
            (role, party): (role, moved) for role in old for party, moved in zip(old[role], new[role], strict=True)
        },
        roles=new,
        initiator=begins,
        executors=executors,
        version=find_text(body, "unify_model_version") or None,
    )
