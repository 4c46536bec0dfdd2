"""What is known of the parties when a job is planned, with parameters checked by JSON Schema."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from jsonschema import SchemaError, ValidationError
from referencing.exceptions import Unresolvable

from scheduler.domain.errors import MAX_PROBLEMS, Problem
from scheduler.domain.model import JsonObject
from scheduler.domain.plan import Catalogue, nearest
from scheduler.service.schemas import EffortError, find_errors
from scheduler.store.columns import to_json
from scheduler.store.queries.parties import list_parties, read_offers
from scheduler.store.tx import Tx

MESSAGE_CHARS: Final = 1000
_HINT: Final = "Correct the component's declaration at its party, and start its worker again."


def load_catalogue(tx: Tx) -> Catalogue:
    """All registered parties and their offers; changes only when a worker introduces itself or a party comes or goes."""
    return Catalogue(
        parties=frozenset(party.id for party in list_parties(tx)),
        offers=read_offers(tx),
        check_params=check_params,
    )


def check_params(schema: JsonObject, params: JsonObject) -> Sequence[Problem]:
    """What is wrong with parameters under their component's JSON Schema; `where` begins with a dot, or is empty.

    No more than the caller would be told. A schema that is none is told as such: it is a party's word.
    """
    try:
        errors = find_errors(to_json(schema), _plain(params))
        return [_problem(error) for error in islice(errors, MAX_PROBLEMS + 1)]
    except EffortError as wrong:
        return [Problem("", f"cannot be checked under what the component declares of them: {wrong}", _HINT)]
    except (SchemaError, Unresolvable, RecursionError) as wrong:
        why = wrong.message if isinstance(wrong, SchemaError) else str(wrong)
        return [Problem("", f"cannot be checked, as the component declares them by no JSON Schema: {why[:200]}", _HINT)]


def _plain(value: Any) -> Any:
    """JSON Schema knows dicts and lists, not their read-only kin."""
    return dict(value)


def _problem(error: ValidationError) -> Problem:
    where = "".join(f".{part}" for part in error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        schema = error.schema
        known = schema.get("properties", {}) if isinstance(schema, dict) else {}
        unknown = next(key for key in error.instance if key not in known)
        return Problem(f"{where}.{unknown}", "there is no such parameter.", nearest(unknown, known))
    return Problem(where, error.message[:MESSAGE_CHARS])
