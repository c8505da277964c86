"""Every setting, and the only reader of the environment.

Each setting `name` is `GROVE_NAME`; the few that older documents call differently accept that name too. A secret may be
given as a file instead: `GROVE_NAME_FILE`.
"""

import json
import os
import shutil
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SECRET_SETTINGS = (
    "master_key",
    "admin_token",
    "database_url",
    "database_owner_url",
    "redis_url",
    "vault_token",
    "embedder_key",
    "qdrant_key",
    "oidc_client_secret",
)
VARIABLE_PREFIX = "GROVE_SECRET_"
"""Begins the variables that credentials may refer to."""
_SEEDS: dict[str, tuple[str, ...]] = {"master_key": ("MASTER_ENCRYPTION_KEY",), "database_url": ("DATABASE_URL",)}


_NOT_FOR_WORKERS = frozenset({"host", "token", "admin_token", "database_owner_url"})


def _named(name: str, *others: str, default: Any = None) -> Any:
    return Field(default=default, validation_alias=AliasChoices(f"GROVE_{name.upper()}", *others, name))


class Settings(BaseSettings):
    """How this process is to run."""

    model_config = SettingsConfigDict(env_prefix="GROVE_", extra="ignore", frozen=True, populate_by_name=True)

    data_dir: Path = Field(default_factory=lambda: _user_folder("XDG_DATA_HOME", ".local/share") / "grove")
    """Where everything is kept."""
    config_dir: Path = Field(default_factory=lambda: _user_folder("XDG_CONFIG_HOME", ".config") / "grove")
    """Where the command line keeps the addresses and tokens of servers."""
    database_url: SecretStr | None = _named("database_url", "DATABASE_URL")
    """A PostgreSQL database (`postgresql+psycopg://…`); an SQLite file in the data folder when it is not set."""
    database_owner_url: SecretStr | None = None
    """The same database as the role that owns the tables: used to bring the schema up to date, and by nothing else."""
    bind: str = "127.0.0.1"
    """The address that the server listens on."""
    port: int = Field(default=8080, ge=0, le=65_535)
    """The port that the server listens on; 0 takes a free one."""
    base_url: str | None = None
    """The address by which users reach the server, when it is not the one it listens on."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Further names by which the server may be addressed; others are refused."""
    master_key: SecretStr | None = _named("master_key", "MASTER_ENCRYPTION_KEY")
    """The key that seals credentials: base64 of 32 random bytes. A key file in the data folder when it is not set."""
    master_key_kms: str | None = None
    """The id of an AWS KMS key that wraps the keys in the key file; they are in the clear without one."""
    secrets_dir: Path | None = None
    """A folder of secrets that credentials may refer to as `file:NAME`."""
    vault_url: str | None = None
    """A Vault or OpenBao server with secrets that credentials may refer to as `vault:NAME#FIELD`."""
    vault_token: SecretStr | None = None
    """The token for it."""
    vault_mount: str = "secret"
    """The KV engine, version 2, in it."""
    vault_path: str = "grove/{tenant}"
    """The folder of a tenant's secrets in that engine."""
    aws_region: str | None = None
    """The AWS region of Secrets Manager, whose secrets credentials may refer to as `aws:NAME#FIELD`, and of KMS."""
    aws_secrets_prefix: str = "grove/{tenant}/"
    """What the names of a tenant's secrets begin with there."""
    aws_endpoint: str | None = None
    """Another address of AWS, such as that of a private endpoint."""
    admin_name: str | None = None
    """The first administrator's name, to set a server up without a browser."""
    admin_email: str | None = None
    """The first administrator's address."""
    admin_token: SecretStr | None = None
    """The first administrator's token, at least 32 characters."""
    session_idle_minutes: int = Field(default=240, ge=1)
    """A session that was not used for so long ends."""
    session_hours: int = Field(default=12, ge=1, le=24 * 365)
    """A session ends after so many hours in any case."""
    device_session_days: int = Field(default=30, ge=1, le=365)
    """For how long a command line stays signed in that somebody has let in with a browser."""
    oidc_issuer: str | None = None
    """The OpenID provider at which users sign in, such as https://login.example.org/realms/main."""
    oidc_client_id: str = "grove"
    """As whom the provider knows this server."""
    oidc_client_secret: SecretStr | None = None
    """The secret that it gave this server, if it did."""
    oidc_name: str = "your organisation"
    """What the button to it says."""
    oidc_scopes: Annotated[tuple[str, ...], NoDecode] = ("openid", "email", "profile")
    """What is asked of it."""
    oidc_groups_claim: str = "groups"
    """The claim that lists a user's groups; `realm_access.roles` is one within another."""
    oidc_roles: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """What its groups make of members: `grove-admins=admin,dev=developer`, or `dev=TENANT/developer`; or as JSON."""
    oidc_default_role: Literal["viewer", "developer", "maintainer", "admin"] | None = None
    """The role of users in none of these groups; without one they are not let in."""
    oidc_sign_up: bool = True
    """Whether a user is made for whoever comes for the first time; else an administrator makes it, with the address."""
    oidc_trust_days: int = Field(default=30, ge=0)
    """A user who has not signed in there for so long has to, before tokens of theirs work again; 0 means never."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, such as 10.1.0.0/16."""
    workers: int = Field(default=2, ge=0, le=64)
    """How many processes of `grove serve` do jobs."""
    http_processes: int = Field(default=1, ge=1, le=256)
    """How many processes of `grove serve` answer requests; each uses one core at most, and about 150 MB and more."""
    max_repo_size_mb: int = _named("max_repo_size_mb", "MAX_REPO_SIZE_MB", default=1024)
    """The largest repository that is kept, in MB."""
    large_repo_size_mb: int = 500
    """From this size on, in MB, a repository is mirrored only when a maintainer has decided so."""
    git_clone_timeout: float = _named("git_clone_timeout", "GIT_CLONE_TIMEOUT", default=3600.0)
    """How long one clone or fetch may take, in seconds."""
    max_history_mb: int = 16_384
    """How much of one repository's past is read to index it ahead, in MB of versions of files; the newest first."""
    max_refs: int = 50_000
    """How many branches and tags one repository may have."""
    git_ca_file: Path | None = None
    """Certificates of an internal authority, for git hosts and forges."""
    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Private networks that git hosts may be in, such as 10.1.0.0/16; all others that are not public are refused."""
    local_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders below which repositories may be connected by path."""
    forges: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """Which software internal hosts run: `git.example.org=gitea,code.example.org=gitlab`."""
    forge_apis: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """Where the API of a host begins if not in its usual place: `git.example.org=https://api.example.org/v3`."""
    access_check_minutes: float = Field(default=60.0, gt=0)
    """How often forges are asked whether they still let Grove, and whom else, read a repository."""
    access_grace_hours: float = Field(default=24.0, ge=0)
    """For how long what a forge said last counts when it does not answer; then nothing of the repository is shown."""
    keep_snapshots: int = 3
    """How many snapshots of each repository stay indexed after their branch has moved on, besides pinned ones."""
    max_workspaces: int = 20
    """How many open workspaces one user may have."""
    max_workspace_mb: int = 256
    """How much one user may have written to all open workspaces, in MB."""
    checkout_methods: Annotated[
        tuple[Literal["btrfs", "overlay", "clone", "copy", "git"], ...], NoDecode, Field(min_length=1)
    ] = ("btrfs", "clone", "copy", "git")
    """How checkouts may be laid out, the first that works is used; add `overlay` where Grove may mount."""
    warm_checkouts: int = Field(default=1, ge=0, le=100)
    """How many folders of a repository that is in use are laid out before anybody wants them."""
    max_workspace_idle_days: int = 90
    """After so many days without a change a workspace ends by itself, and can be restored; 0 means never."""
    max_rescue_days: int = Field(default=180, ge=0)
    """So many days after its end a workspace can be restored, with all that it had; 0 means for ever."""
    max_checkout_mb: int = 8_192
    """How much all checkouts of one user may take on disk, in MB."""
    max_checkout_file_mb: int = 256
    """The largest file that is laid out in a checkout, in MB."""
    max_tree_cache_mb: int = 8_192
    """How much the published trees of one repository may take, from which checkouts are made, in MB."""
    rate_limit: int = Field(default=1_200, ge=0)
    """How many requests one user, agent or service may make a minute; 0 for any number."""
    search_rate_limit: int = Field(default=300, ge=0)
    """How many of them may be searches."""
    refusals_told_per_minute: int = Field(default=30, ge=0)
    """Of how many refusals of one principal the audit trail is told a minute, of the same ones once; 0: of each."""
    redis_url: SecretStr | None = None
    """A Redis server (`redis://…`) where all processes count requests together; each counts alone without one."""
    guarded_paths: Annotated[tuple[str, ...], NoDecode] = (
        "*CODEOWNERS",
        ".github/workflows/*",
        ".github/actions/*",
        ".gitea/workflows/*",
        ".forgejo/workflows/*",
        ".gitlab-ci.yml",
        "bitbucket-pipelines.yml",
        ".gitmodules",
    )
    """Files that only those may promote changes of who have that right: by default administrators."""
    disk_free_mb_min: int = 512
    """With less room than this, in MB, no new work is begun."""
    confinement: Annotated[tuple[Literal["bubblewrap", "landlock"], ...], NoDecode] = ("bubblewrap", "landlock")
    """By what commands that are not trusted may be confined, the first that works here is used; empty: none is run."""
    cgroup: Path | None = None
    """A cgroup (version 2) handed over to the server with memory and pids, in which such commands are bounded;
    what systemd delegates is found without it."""
    scip_python: Path | None = Field(default_factory=lambda: _installed("scip-python"))
    """The indexer of Python, the program `scip-python`; the one on the search path when it is not set."""
    scip_typescript: Path | None = Field(default_factory=lambda: _installed("scip-typescript"))
    """The indexer of TypeScript and JavaScript, the program `scip-typescript`; likewise."""
    node: Path | None = Field(default_factory=lambda: _installed("node"))
    """Node.js, which runs both; likewise."""
    scip_timeout: float = 600.0
    """How long one indexer may take, in seconds."""
    scip_memory_mb: int = 2048
    """How much memory one indexer may take, in MB."""
    embedder: Literal["static", "http"] = "static"
    """Who makes vectors: the table that ships with Grove, or a model server that speaks OpenAI's `/v1/embeddings`."""
    embedder_url: str | None = None
    """Where the model server's API begins, such as http://127.0.0.1:11434/v1."""
    embedder_outside: bool = False
    """Whether source and questions may be sent to a model server that is not in this network."""
    embedder_model: str | None = None
    """The name of the model there."""
    embedder_key: SecretStr | None = None
    """The key to the model server, if it wants one."""
    embedder_dimensions: int | None = Field(default=None, ge=1, le=65_536)
    """How many numbers a vector is to have, for models that can be asked for that; otherwise what the model gives."""
    embedder_query_prefix: str = ""
    """What the model wants to read before a question."""
    embedder_text_prefix: str = ""
    """What the model wants to read before a text; to change it makes all vectors anew."""
    embedder_batch: int = Field(default=64, ge=1, le=2_048)
    """How many texts one request to the model server holds at most."""
    embedder_batch_kb: int = Field(default=256, ge=1, le=65_536)
    """How much text one request holds at most, in KiB, unless a single text is longer."""
    embedder_text_kb: int = Field(default=8, ge=1, le=1_024)
    """What of one text the model is shown at most, in KiB; what is cut off is counted."""
    embedder_timeout: float = Field(default=60.0, gt=0)
    """How long one request of the background work may take, in seconds."""
    embedder_query_timeout: float = Field(default=2.0, gt=0)
    """How long a question waits for its vector, in seconds; after that it is answered without, and says so."""
    vector_store: Literal["segments", "qdrant"] = "segments"
    """Who finds the nearest vectors: the index itself, or a Qdrant server that keeps a copy of them."""
    qdrant_url: str | None = None
    """The Qdrant server, such as http://127.0.0.1:6333."""
    qdrant_key: SecretStr | None = None
    """The key to the Qdrant server, if it wants one."""
    log_format: Literal["auto", "json", "pretty"] = "auto"
    """How log lines look; auto is pretty at a terminal and JSON elsewhere."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Which log lines there are."""
    lease_seconds: float = 60.0
    """For how long a worker that is not heard of keeps its job."""
    job_hours_max: float = Field(default=24.0, gt=0)
    """For how long one attempt at a job may take; what takes longer is begun again, and set aside in the end."""
    retry_seconds: float = 60.0
    """How long a job waits before its first retry; twice as long before each further one."""
    fault: str = ""
    """Points at which the process is to stop, for tests of its reliability."""
    host: str | None = None
    """For the command line: the server to talk to."""
    token: SecretStr | None = None
    """For the command line: the token to show."""

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        for name in SECRET_SETTINGS:
            path = os.environ.get(f"GROVE_{name.upper()}_FILE")
            if path and not any(key in given for key in (name, f"GROVE_{name.upper()}", *_SEEDS.get(name, ()))):
                given[name] = _content_of(Path(path))
        return given

    @field_validator(
        "allowed_hosts",
        "allowed_networks",
        "trusted_proxies",
        "oidc_scopes",
        "local_roots",
        "confinement",
        "guarded_paths",
        "checkout_methods",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("forges", "forge_apis", "oidc_roles", mode="before")
    @classmethod
    def _split_pairs(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("{"):
            return json.loads(value)
        return dict(part.strip().rsplit("=", 1) for part in value.split(",") if "=" in part)

    def environment(self, *, answering: bool = False) -> dict[str, str]:
        """These settings as variables, for a process that does jobs or, if `answering`, one that users sign in at;
        nothing else is handed on but the search path.
        """
        variables = {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "TMPDIR") if name in os.environ}
        handed = (VARIABLE_PREFIX, "AWS_") if self.aws_region is not None else (VARIABLE_PREFIX,)
        variables |= {name: value for name, value in os.environ.items() if name.startswith(handed)}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None and name not in _NOT_FOR_WORKERS and (answering or not name.startswith("oidc_")):
                variables[f"GROVE_{name.upper()}"] = _as_text(value)
        return variables


def secret_variables() -> dict[str, str]:
    """The secrets in the environment that credentials may refer to, by the rest of their names."""
    return {
        name.removeprefix(VARIABLE_PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(VARIABLE_PREFIX)
    }


def use_one_native_thread() -> None:
    """Keep numerical libraries from starting a thread per core for each small product; call it before they load."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def share_measures(folder: Path) -> None:
    """Have the measures of all processes that say so kept in a folder; call it before Prometheus' client loads."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def load_settings(**overrides: Any) -> Settings:
    """The settings of the environment, with what the command line says instead.

    :raises pydantic.ValidationError: if one of them makes no sense.
    """
    return Settings(**{name: value for name, value in overrides.items() if value is not None})


def _installed(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found) if found else None


def _content_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error


def _user_folder(variable: str, otherwise: str) -> Path:
    named = os.environ.get(variable)
    return Path(named) if named else Path.home() / otherwise


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return json.dumps(value)
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
