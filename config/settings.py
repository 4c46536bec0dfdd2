"""The settings of the centre and of a party's worker: TOML file, environment, `*_FILE` secrets."""

import os
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.exceptions import SettingsError as SourceError

PREFIX = "FEDROTA_"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
LONGEST_S = 100 * 365 * 86_400.0
"""A hundred years, for whoever means for ever: times further away cannot be reckoned with."""
JSON_HINT = 'lists and mappings are written as JSON, for example \'["one", "two"]\' or \'{"name": "value"}\''
BROKERS: Final = frozenset({"redis", "rediss"})
BROKER_EXAMPLE: Final = "redis://127.0.0.1:6379/0"
DATABASES: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg", "sqlite"})
Networks = tuple[IPv4Network | IPv6Network, ...]
AnySettings = TypeVar("AnySettings", bound="_Base")


class SettingsError(Exception):
    """Some settings are wrong; the text lists every one of them with the variable's name."""


class SecretFiles(PydanticBaseSettingsSource):
    """Reads the value of `FEDROTA_X` from the file that `FEDROTA_X_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  the signature is pydantic's
        """The text of the field's file, stripped, or None where no file is named or `load` finds it unreadable."""
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (_read_text(Path(path))[0] if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every field that a file gives."""
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            text, _, is_complex = self.get_field_value(field, name)
            if text is not None:
                found[name] = self._read_value(name, field, text, is_complex=is_complex)
        return found

    def _read_value(self, name: str, field: FieldInfo, text: str, *, is_complex: bool) -> Any:
        """What the variable itself would mean by this text: lists and mappings are JSON."""
        try:
            return self.prepare_field_value(name, field, text, is_complex)
        except ValueError as wrong:
            raise SourceError(f"{PREFIX}{name.upper()}_FILE: what the file holds is not JSON") from wrong


def _read_text(path: Path) -> tuple[str | None, str]:
    """The file's text, stripped; or None and why it cannot be read."""
    try:
        return path.read_text().strip(), ""
    except (OSError, UnicodeDecodeError) as wrong:
        return None, f"{path} cannot be read: {wrong}"


def _is_broker(url: str) -> bool:
    """Whether a URL can be that of a broker."""
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts.scheme in BROKERS and parts.port != 0
    return False


class _Base(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    state_dir: Path = Path(".fedrota")
    """The folder for what must survive a restart: keys, and the database where it is SQLite."""
    broker_url: SecretStr = SecretStr("")
    """The redis:// or rediss:// address of the broker, needed at the centre; a worker without one is knocked over its channel."""
    log_format: Literal["console", "json"] = "console"
    """Log lines for people (`console`), or one JSON object per line (`json`)."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`; less severe log lines are left out."""

    @field_validator("broker_url")
    @classmethod
    def _names_a_broker(cls, given: SecretStr) -> SecretStr:
        if given.get_secret_value() and not _is_broker(given.get_secret_value()):
            raise ValueError(f"no URL of a broker, such as {BROKER_EXAMPLE}")  # without it: it may hold a password
        return given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, that over secret files, those over the TOML file."""
        toml = TomlConfigSettingsSource(settings_cls, os.environ.get(f"{PREFIX}CONFIG"))
        return init_settings, env_settings, SecretFiles(settings_cls), toml


class Settings(_Base):
    """What the gateway and the scheduler read."""

    database_url: SecretStr = SecretStr("")
    """postgresql://... ; empty means SQLite in the state folder."""
    host: str = "127.0.0.1"
    """The address that the gateway binds; other than loopback only with TLS or `FEDROTA_TRUST_NETWORK`."""
    port: int = Field(default=9380, ge=0, le=65535)
    """The gateway's port; 0: any free one."""
    reuse_port: bool = False
    """Share the port with other gateway processes on this machine."""
    tls_cert: Path | None = None
    """The gateway's certificate with its chain, as PEM."""
    tls_key: Path | None = None
    """The private key of that certificate, as PEM."""
    trusted_proxies: Networks = ()
    """Addresses or networks of reverse proxies in front: their X-Forwarded-For is trusted."""
    trust_network: bool = False
    """Bind an address other than loopback without TLS; shown in the start log and in /healthz."""
    legacy_open: bool = False
    """Serve clients that cannot send a credential also on an address other than loopback."""
    legacy_user: str = "legacy"
    """The user as whom clients without a credential act."""
    legacy_role: Literal["project_admin", "org_admin", "lead", "member"] = "lead"
    """The role of that user, in the first organisation and project."""
    secret_key: SecretStr = SecretStr("")
    """Encrypts the clients' secrets in the database; empty: the key in the state folder, made when needed."""
    guarded: tuple[Literal["role", "command", "component", "dataset"], ...] = ()
    """What a FATE job's initiator may use of another party only with its grant: role, command, component, dataset."""
    iflearner_strict: bool = False
    """Refuse an iFLearner task whose template does not exist when the task is made, not only when it is started."""
    iflearner_server: str = ""
    """The party that hosts the aggregators of iFLearner tasks; empty: the first party of a task that can."""
    flare_server: str = ""
    """The party that runs the servers of FLARE jobs; empty: one called `server`, else the first that is no site."""
    flare_port: int = Field(default=0, ge=0, le=65535)
    """Serve unmodified NVFLARE clients up to 2.6 on this port of the gateway's host, by certificate; 0: do not."""
    flare_old_uploads: bool = False
    """Serve uploads of NVFLARE 2.4, too; clients of 2.5 and 2.6 then print a line about its handler at each login."""
    fate_party: str = ""
    """The party that FATE's clients mean where they name none; empty: every party, while clients need no credential."""
    model_publisher: str = Field(default="", pattern=r"^(|https?://\S+|[\w.]+:\w+)$")
    """Notified of every load and binding of a model: an http(s) URL that takes a POST, or `package.module:function`."""
    run_id: str = "local"
    """Names this installation; a worker that meets another name drops the knocks of the one before."""

    heartbeat_s: float = Field(default=5.0, gt=0, le=LONGEST_S)
    """How often a worker says that it is alive."""
    lease_s: float = Field(default=60.0, gt=0, le=LONGEST_S)
    """A running task is `lost_contact` when its worker has been silent for so long."""
    dispatch_lease_s: float = Field(default=30.0, gt=0, le=LONGEST_S)
    """A knock that has not been answered for so long is sent again."""
    offline_s: float = Field(default=20.0, gt=0, le=LONGEST_S)
    """A party is offline when its worker has been silent for so long."""
    offline_grace_s: float = Field(default=3600.0, gt=0, le=LONGEST_S)
    """A running task whose party is out of reach is given up after so long."""
    sweep_s: float = Field(default=1.0, gt=0, le=LONGEST_S)
    """How often the scheduler looks for work and for expired leases when nothing nudges it."""
    reserve_after_s: float = Field(default=10.0, ge=0, le=LONGEST_S)
    """A ready step that has waited so long reserves slots as they become free, ahead of younger steps."""
    poison_deaths: int = Field(default=2, ge=1)
    """A step at which a party's worker has died so often does not run again until an operator requeues it."""
    retention_days: float = Field(default=0.0, ge=0, le=LONGEST_S / 86_400)
    """Jobs that ended so many days ago are removed with everything they left; 0: never."""
    open_jobs_per_user: int = Field(default=10_000, ge=1)
    """A user with so many unfinished jobs cannot submit another one."""
    upload_limit_bytes: int = Field(default=2 << 30, ge=1)
    """The largest table or model that can be uploaded."""
    attachment_limit_bytes: int = Field(default=512 << 20, ge=1)
    """The largest file that a job can carry."""

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, given: SecretStr) -> SecretStr:
        if given.get_secret_value() and given.get_secret_value().partition("://")[0] not in DATABASES:
            raise ValueError("no URL of a database, such as postgresql://NAME:PASSWORD@127.0.0.1:5432/fedrota")
        return given

    @model_validator(mode="after")
    def _loopback_unless_told(self) -> Self:
        if self.host not in LOOPBACK and not (self.tls_cert or self.trust_network):
            raise ValueError(
                f"{PREFIX}HOST: {self.host} is not loopback: set {PREFIX}TLS_CERT and {PREFIX}TLS_KEY, "
                f"or {PREFIX}TRUST_NETWORK=true where the network in between is trusted"
            )
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError(f"{PREFIX}TLS_CERT and {PREFIX}TLS_KEY go together: set both or none")
        return self

    @model_validator(mode="after")
    def _silence_is_longer_than_a_heartbeat(self) -> Self:
        wrong = [name for name in ("lease_s", "offline_s") if getattr(self, name) <= self.heartbeat_s]
        if wrong:
            names = " and ".join(f"{PREFIX}{name.upper()}" for name in wrong)
            raise ValueError(
                f"{names}: must be longer than {PREFIX}HEARTBEAT_S, {self.heartbeat_s:g} s: "
                "a party that beats in time would be taken for one that is away"
            )
        return self

    def sql_url(self) -> str:
        """The database's URL in SQLAlchemy's form."""
        given = self.database_url.get_secret_value()
        if not given:
            return f"sqlite:///{self.state_dir.absolute() / 'fedrota.db'}"
        scheme, _, rest = given.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else given

    def postgres_dsn(self) -> str:
        """The database's address as libpq reads it, or empty where it is SQLite."""
        scheme, _, rest = self.sql_url().partition("://")
        return f"postgresql://{rest}" if scheme == "postgresql+psycopg" else ""

    def need_broker(self) -> str:
        """The broker's URL; SettingsError where there is none, without which the centre does nothing."""
        url = self.broker_url.get_secret_value()
        if not url:
            raise SettingsError(f"{PREFIX}BROKER_URL is empty: name a Redis or Valkey, e.g. {BROKER_EXAMPLE}")
        return url


class WorkerSettings(_Base):
    """What a party's worker reads."""

    gateway_url: str = "http://127.0.0.1:9380"
    """The gateway that this worker connects to."""
    token: SecretStr = SecretStr("")
    """The worker's token, from `fedrota tokens create NAME --party ID`."""
    party: str = ""
    """The party's id, for the name of its queue; the gateway trusts only the token."""
    slots: int = Field(default=4, ge=1, le=1024)
    """How many tasks this worker runs at once."""
    profile: Literal["open", "sealed"] = "open"
    """`sealed`: no events and no remote control at the broker, so Flower does not show this worker."""
    components: tuple[str, ...] = ()
    """Modules whose components this worker offers beside the built-in and the installed ones."""
    executors: tuple[str, ...] = ("component", "command")
    """What this worker may run: `component`, `command`, `container`."""
    allowed_roots: tuple[Path, ...] = ()
    """Folders under which a request may name files at this party.

    Empty: none; but tables are read from and written to the user's home and temporary folder where the gateway is
    on the same machine.
    """
    model_store: str = ""
    """Where this party's parts of models are stored and restored from: a folder, or a URL such as s3://bucket/models."""
    container_images: tuple[str, ...] = ()
    """Images (name or name@digest) that the container executor may start."""
    engines: dict[str, Path] = Field(default_factory=dict)
    """The Python interpreter of each engine that is installed here, e.g. {"iflearner": "/opt/iflearner/bin/python"}."""
    engine_host: str = "127.0.0.1"
    """The address of this host at which an engine's server listens and the other parties reach it."""
    engine_stall_s: float = Field(default=1800.0, gt=0, le=LONGEST_S)
    """An engine's run that makes no progress for so long is given up."""
    task_memory_bytes: int = Field(default=0, ge=0)
    """Largest address space of a task's process; 0: no limit."""
    task_disk_bytes: int = Field(default=0, ge=0)
    """Largest file that a task may write; 0: no limit."""
    stop_grace_s: float = Field(default=10.0, ge=0, le=LONGEST_S)
    """A stopped task has so long to end by itself before it is killed."""


def load(kind: type[AnySettings], **given: Any) -> AnySettings:
    """Settings of `kind`; SettingsError lists all bad values at once."""
    lines = list(_check_files(kind))
    try:
        settings = kind(**given)
    except ValidationError as wrong:
        lines += [_render_error(error) for error in wrong.errors(include_input=False, include_url=False)]
    except SourceError as wrong:
        lines.append(f"{wrong}: {JSON_HINT}")
    except TOMLDecodeError as wrong:
        lines.append(f"{PREFIX}CONFIG: the file is not TOML: {wrong}")
    if lines:
        raise SettingsError("\n".join(lines))
    return settings


def _check_files(kind: type[_Base]) -> Iterator[str]:
    """What is wrong with the files that the environment names."""
    names = [f"{PREFIX}CONFIG", *(f"{PREFIX}{name.upper()}_FILE" for name in kind.model_fields)]
    for name in names:
        path = os.environ.get(name)
        problem = _read_text(Path(path))[1] if path else ""
        if problem:
            yield f"{name}: {problem}"


def _render_error(error: ErrorDetails) -> str:
    where = "_".join(str(part) for part in error["loc"]).upper()
    message = error["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{where}: {message}" if where else message
