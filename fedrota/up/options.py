"""What the user asked `fedrota up` for: flags over environment over TOML files over what was remembered."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from fedrota.up.errors import UpError
from fedrota.up.given import find_in_config, find_variable

PARTS: Final = ("gateway", "scheduler", "worker")
PARTY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
STATE: Final = "FEDROTA_STATE_DIR"
ENVIRONMENT: Final = {
    "state": STATE,
    "host": "FEDROTA_HOST",
    "port": "FEDROTA_PORT",
    "broker": "FEDROTA_BROKER_URL",
    "database": "FEDROTA_DATABASE_URL",
    "gateway": "FEDROTA_GATEWAY_URL",
    "flare_listener": "FEDROTA_FLARE_PORT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartySpec:
    """A party to start a worker for; `role` is only a label for people."""

    id: str
    role: str = ""
    slots: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that `fedrota up` can be told. An empty URL means the embedded server."""

    state: Path = Path(".fedrota")
    host: str = "127.0.0.1"
    port: int = 9380
    gateways: int = 1
    slots: int = 4
    parties: tuple[PartySpec, ...] = ()
    only: tuple[str, ...] = ()
    broker: str = ""
    database: str = ""
    gateway: str = ""
    components: tuple[str, ...] = ()
    worker_niceness: int | None = None
    """None: as `YIELDING` of the plan, where the gateway runs beside them."""
    flower: bool | None = None
    """None: when it is installed."""
    flower_port: int = 5555
    flare_listener: int = 0
    """The port of NVFLARE's clients up to 2.6; 0: none."""
    flare_bridge: int = 0
    """The port of NVFLARE's clients from 2.8 on; 0: none."""
    flare_python: str = ""
    """FLARE's interpreter; empty: the one that FEDROTA_ENGINES names."""

    def wants(self, part: str) -> bool:
        """Whether this `up` starts the gateway, the scheduler or the workers."""
        return not self.only or part in self.only


DEFAULT_PARTIES: Final = (
    PartySpec(id="9999", role="guest"),
    PartySpec(id="10000", role="host"),
    PartySpec(id="10001", role="host"),
)
_KINDS: Final[Mapping[str, type]] = {
    "state": str,
    "host": str,
    "port": int,
    "gateways": int,
    "slots": int,
    "broker": str,
    "database": str,
    "postgres": str,
    "gateway": str,
    "worker_niceness": int,
    "flower": bool,
    "flower_port": int,
    "flare_listener": int,
    "flare_bridge": int,
    "flare_python": str,
}
_LISTS: Final = ("only", "components")
_FLAGS: Final = {"postgres": "database"}
"""Flags that are not called as what they set; a file may use either name."""


def parse_party(text: str, *, slots: int) -> PartySpec:
    """The party that `ID` or `ID:ROLE` names."""
    identity, _, role = text.partition(":")
    return _checked_party(PartySpec(id=identity, role=role, slots=slots))


def read_config(path: Path) -> dict[str, Any]:
    """The settings of a TOML file; `party`, a list as the flag's or tables [[party]], becomes `parties`."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # as some editors write UTF-8
    except OSError as wrong:
        raise UpError(f"cannot read {path}: {wrong.strerror}") from wrong
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise UpError(f"{path} is no TOML: {wrong}") from wrong
    tables = given.pop("party", [])
    _refuse_unknown(given, [*_KINDS, *_LISTS, "party"], str(path))
    chosen = {_FLAGS.get(key, key): _checked_value(key, value, str(path)) for key, value in given.items()}
    if tables:
        chosen["parties"] = _parties_of(tables, chosen.get("slots", Options().slots), str(path))
    return chosen


def make_options(
    *, flags: Mapping[str, Any], environment: Mapping[str, str], config: Mapping[str, Any] | None = None
) -> Options:
    """The options after precedence and checks; a flag that was not given is None or empty.

    `config` was named for this command, so it wins over the file of FEDROTA_CONFIG, which all processes read.
    """
    chosen = {**_collect(environment, find_in_config), **(config or {}), **_collect(environment, find_variable)}
    chosen |= {key: value for key, value in flags.items() if value not in (None, (), [], "")}
    parties = chosen.get("parties", ())
    slots = chosen.get("slots", Options().slots)
    chosen["parties"] = tuple(
        party if isinstance(party, PartySpec) else parse_party(party, slots=slots) for party in parties
    )
    chosen["state"] = Path(chosen.get("state", Options().state)).absolute()
    chosen["only"] = tuple(chosen.get("only", ()))
    chosen["components"] = tuple(
        # Workers run in another folder than the one that a file's path was written for.
        str(Path(source).absolute()) if source.endswith(".py") else source
        for source in chosen.get("components", ())
    )
    return _checked(Options(**chosen))


def with_parties(options: Options, remembered: Iterable[PartySpec]) -> Options:
    """The options with the parties of the last start where none are named, else the default ones for gateway and workers.

    A centre that starts without workers registers no party by itself: whose workers will call, its operator decides.
    A worker that starts without its gateway belongs to somebody: UpError where nobody is named.
    """
    parties = options.parties or tuple(remembered)
    if not parties and options.wants("worker"):
        if not options.wants("gateway"):
            raise UpError(
                f"--only worker: no party is named, and {options.state} remembers none: give --party ID and, in "
                "FEDROTA_TOKEN_FILE, the token that `fedrota tokens create NAME --party ID` issued at the gateway"
            )
        parties = DEFAULT_PARTIES
    return replace(options, parties=parties)


def _collect(environment: Mapping[str, str], find: Callable[[Mapping[str, str], str], str]) -> dict[str, Any]:
    """The options that the processes' settings give, looked for with `find`."""
    found: dict[str, Any] = {key: text for key, name in ENVIRONMENT.items() if (text := find(environment, name))}
    if not environment.get(STATE):
        found.pop("state", None)  # `ps` and `down` look for the folder in the variable only
    for key, text in found.items():
        if _KINDS[key] is int:
            if not text.isdecimal():
                raise UpError(f"{ENVIRONMENT[key]} is {text!r}: give a number from 0 to 65535")
            found[key] = int(text)
    return found


def _checked_value(key: str, value: Any, where: str) -> Any:
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UpError(f"{where}: {key} must be a list of strings")
        return tuple(value)
    if type(value) is not _KINDS[key]:
        raise UpError(f"{where}: {key} must be of type {_KINDS[key].__name__}, not {type(value).__name__}")
    return value


def _parties_of(given: Any, slots: int, where: str) -> tuple[PartySpec, ...]:
    if not isinstance(given, list) or not all(isinstance(each, (str, dict)) for each in given):
        raise UpError(f'{where}: write each party as a table [[party]] with an id, or party = ["ID:ROLE", ...]')
    return tuple(
        parse_party(each, slots=slots) if isinstance(each, str) else _party_of(each, slots, where) for each in given
    )


def _party_of(table: Mapping[str, Any], slots: int, where: str) -> PartySpec:
    _refuse_unknown(table, [field.name for field in fields(PartySpec)], f"{where}: [[party]]")
    if "id" not in table:
        raise UpError(f"{where}: a [[party]] has no id")
    return _checked_party(
        PartySpec(id=str(table["id"]), role=str(table.get("role", "")), slots=table.get("slots", slots))
    )


def _refuse_unknown(given: Mapping[str, Any], known: list[str], where: str) -> None:
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(known)}"
            raise UpError(f"{where}: unknown setting {key!r}; {hint}")


def _checked_party(party: PartySpec) -> PartySpec:
    if not PARTY_ID.fullmatch(party.id):
        raise UpError(
            f"{party.id!r} is no party id: use 1 to 64 letters, digits, '.', '_' or '-', "
            "starting with a letter or digit, e.g. --party 9999:guest"
        )
    if ":" in party.role:
        raise UpError(
            f"party {party.id} has the role {party.role!r}: write ID:ROLE; slots are given with --slots, "
            "or of one party as a table [[party]] in --config"
        )
    if type(party.slots) is not int or not 1 <= party.slots <= 1024:
        raise UpError(f"party {party.id} has {party.slots!r} slots: give a number from 1 to 1024")
    return party


def _checked(options: Options) -> Options:
    twice = {party.id for party in options.parties if [p.id for p in options.parties].count(party.id) > 1}
    wrong = [part for part in options.only if part not in PARTS]
    checks = (
        (bool(twice), f"party {', '.join(sorted(twice))} is named twice: a party has one worker"),
        (bool(wrong), f"--only {', '.join(wrong)}: choose from {', '.join(PARTS)}"),
        (not 0 <= options.port <= 65535, f"--port {options.port}: give a number from 0 to 65535 (0: any free one)"),
        (not 1 <= options.gateways <= 64, f"--gateways {options.gateways}: give a number from 1 to 64"),
        (not 1 <= options.slots <= 1024, f"--slots {options.slots}: give a number from 1 to 1024"),
        (
            not 0 <= (options.worker_niceness or 0) <= 19,
            f"--worker-niceness {options.worker_niceness}: give a number from 0 to 19",
        ),
        (not 1 <= options.flower_port <= 65535, f"--flower-port {options.flower_port}: give a number to 65535"),
        *_flare_doors(options),
        *_lonely_parts(options),
    )
    for is_wrong, message in checks:
        if is_wrong:
            raise UpError(message)
    return options


def _flare_doors(options: Options) -> Iterable[tuple[bool, str]]:
    """Each door for FLARE's clients has a port of its own, and both are the gateway's neighbours."""
    for key in ("flare_listener", "flare_bridge"):
        port = getattr(options, key)
        flag = f"--{key.replace('_', '-')} {port}"
        yield not 0 <= port <= 65535, f"{flag}: give a number to 65535"
        yield port != 0 and port == options.port, f"{flag} is the gateway's port: give it one of its own"
    yield (
        options.flare_bridge != 0 and options.flare_bridge == options.flare_listener,
        f"--flare-bridge and --flare-listener both name port {options.flare_bridge}: each needs one of its own",
    )
    yield (
        options.flare_bridge != 0 and not options.wants("gateway"),
        "--flare-bridge starts beside the gateway: add `--only gateway`, or run `python -m fedrota.bridge` by itself",
    )


def _lonely_parts(options: Options) -> Iterable[tuple[bool, str]]:
    """A part that runs alone must be told where the others are."""
    away = "gateway" not in options.only and bool(options.only)
    for key, variable in (("broker", "FEDROTA_BROKER_URL"), ("database", "FEDROTA_DATABASE_URL")):
        yield (
            away and options.wants("scheduler") and not getattr(options, key),
            f"--only scheduler needs the {key} that the gateway uses: give --{key} URL or set {variable}",
        )
    yield (
        away and options.wants("worker") and not options.gateway,
        "--only worker needs to know the gateway: give --gateway URL or set FEDROTA_GATEWAY_URL",
    )
