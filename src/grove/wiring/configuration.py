"""What the settings mean for each part."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from grove.accounts import Admission, GroupRole, Rates, Role, SessionLife
from grove.checkouts import CheckoutLimits, CheckoutMethod
from grove.git import GitConfig, TreeLimits, parse_remote_url, pin
from grove.grants import Patience as AccessPatience
from grove.indexing import HistoryLimits, StaticEmbedder
from grove.kit.files import write_durably
from grove.kit.ids import new_id
from grove.mirrors import (
    MirrorLimits,
)
from grove.oidc import Provider, ProviderConfig, ProviderMisconfigured
from grove.placement import Locator
from grove.sandbox import Confiner, Method
from grove.scip import MakingTools, ScipDesk
from grove.settings import Settings
from grove.vectors import EmbedderMisconfigured, HttpEmbedder, HttpModel, Models, Patience, QdrantVectors, StaticTexts
from grove.workspaces import WorkspaceLimits

KILOBYTE = 1024
MEGABYTE = 1024 * 1024
SIGN_INS_LIMIT = 10
"""How often one address may try to sign in as one user a minute; all addresses together three times as often."""
FAILURES_LIMIT = 60
"""How many tokens that are none one address may show a minute, before it is told to wait."""
REFUSALS_LIMIT = 30
"""How many refused sign-ins of one address a minute are told to the audit trail."""
DEVICES_LIMIT = 20
"""How many codes one address may ask for a minute, and how many one user may try."""
GIT_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
TREE_LIMITS = TreeLimits(entries_max=1_000_000, depth_max=256, seconds_max=120.0)


def database_url(settings: Settings, locator: Locator) -> str:
    """Where the rows are: the database that the settings name, or a file in the data folder."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{locator.database()}"


def git_config(settings: Settings, locator: Locator) -> GitConfig:
    """How git is run."""
    return GitConfig(
        executable=Path(shutil.which("git", path=GIT_SEARCH_PATH) or "/usr/bin/git"),
        data_root=locator.data,
        home=locator.git_home(),
        job_root=locator.jobs(),
        ca_file=settings.git_ca_file,
        allowed_networks=settings.allowed_networks,
        allowed_local_roots=settings.local_roots,
    )


def mirror_limits(settings: Settings) -> MirrorLimits:
    """How much one repository may take."""
    return MirrorLimits(
        bytes_max=settings.max_repo_size_mb * MEGABYTE,
        seconds_max=settings.git_clone_timeout,
        refs_max=settings.max_refs,
    )


def patience_of(settings: Settings) -> AccessPatience:
    """How often forges are asked whether they let us read, and for how long their last word counts."""
    return AccessPatience(
        every=timedelta(minutes=settings.access_check_minutes), grace=timedelta(hours=settings.access_grace_hours)
    )


def large_repository_bytes(settings: Settings) -> int:
    """From which size on a repository waits for a person's decision."""
    return settings.large_repo_size_mb * MEGABYTE


def workspace_limits(settings: Settings) -> WorkspaceLimits:
    """How much one user may have in workspaces."""
    return WorkspaceLimits(
        count_max=settings.max_workspaces,
        written_bytes_max=settings.max_workspace_mb * MEGABYTE,
        idle_days_max=settings.max_workspace_idle_days,
        rescue_days_max=settings.max_rescue_days,
    )


def checkout_limits(settings: Settings) -> CheckoutLimits:
    """How much room the files of workspaces may take on disk."""
    return CheckoutLimits(
        bytes_max=settings.max_checkout_mb * MEGABYTE,
        file_bytes_max=settings.max_checkout_file_mb * MEGABYTE,
        trees_bytes_max=settings.max_tree_cache_mb * MEGABYTE,
        written=workspace_limits(settings),
        methods=tuple(CheckoutMethod(name) for name in settings.checkout_methods),
        warm_max=settings.warm_checkouts,
        tree=TREE_LIMITS,
    )


def confiner(settings: Settings, locator: Locator) -> Confiner:
    """By what commands that are not trusted are confined."""
    methods = [Method(name) for name in settings.confinement]
    return Confiner(locator.jobs(), methods=methods, cgroup=settings.cgroup)


def making_tools(settings: Settings, *, desk: ScipDesk, confiner: Confiner) -> MakingTools:
    """How SCIP indexes are made: by the indexers that are installed."""
    installed = {"scip-python": settings.scip_python, "scip-typescript": settings.scip_typescript}
    return MakingTools(
        desk=desk,
        confiner=confiner,
        executables={name: path for name, path in installed.items() if path is not None},
        node=settings.node,
        seconds_max=settings.scip_timeout,
        memory_bytes_max=settings.scip_memory_mb * MEGABYTE,
    )


def history_limits(settings: Settings) -> HistoryLimits:
    """How much of one repository's past is read to index it ahead."""
    return HistoryLimits(bytes_read_max=settings.max_history_mb * MEGABYTE)


def models_of(settings: Settings, table: StaticEmbedder) -> Models:
    """What vectors are made with, and where they are looked for.

    :raises EmbedderMisconfigured: if a setting is missing.
    """
    shipped = StaticTexts(table)
    server = _model_server(settings)
    store = None
    if settings.vector_store == "qdrant":
        if settings.qdrant_url is None:
            raise EmbedderMisconfigured(missing="GROVE_QDRANT_URL")
        store = QdrantVectors(settings.qdrant_url, key=_revealed(settings.qdrant_key))
    is_http = settings.embedder == "http"
    if is_http and (server is None or not server.model):
        raise EmbedderMisconfigured(missing="GROVE_EMBEDDER_URL and GROVE_EMBEDDER_MODEL")
    chosen = HttpEmbedder(server) if is_http and server is not None else None
    return Models(shipped=shipped, chosen=chosen, server=server, store=store)


def _model_server(settings: Settings) -> HttpModel | None:
    if settings.embedder_url is None:
        return None
    if not settings.embedder_url.startswith(("http://", "https://")):
        raise EmbedderMisconfigured(setting="GROVE_EMBEDDER_URL", wanted="http://… or https://…")
    return HttpModel(
        url=settings.embedder_url,
        model=settings.embedder_model or "",
        key=_revealed(settings.embedder_key),
        dimensions=settings.embedder_dimensions,
        text_prefix=settings.embedder_text_prefix,
        query_prefix=settings.embedder_query_prefix,
        batch_texts_max=settings.embedder_batch,
        batch_bytes_max=settings.embedder_batch_kb * KILOBYTE,
        text_bytes_max=settings.embedder_text_kb * KILOBYTE,
        patience=Patience(
            seconds_max=settings.embedder_timeout,
            query_seconds_max=settings.embedder_query_timeout,
            first_wait_seconds=min(1.0, settings.retry_seconds),
        ),
        may_be_outside=settings.embedder_outside,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def pinned(settings: Settings) -> Callable[[str, int], str]:
    """Finds the one address at which a forge may be asked, by the rules for git hosts."""

    def resolve(host: str, port: int) -> str:
        url = parse_remote_url(f"https://{host}:{port}/api")
        return str(pin(url, allowed=settings.allowed_networks).addresses[0])

    return resolve


def rates_of(settings: Settings) -> Rates:
    """How much each principal may ask for."""
    limits = {"requests": settings.rate_limit, "searches": settings.search_rate_limit, "failures": FAILURES_LIMIT}
    limits |= {
        "sign-ins": SIGN_INS_LIMIT,
        "sign-ins of one": 3 * SIGN_INS_LIMIT,
        "refusals": REFUSALS_LIMIT,
        "refused acts": settings.refusals_told_per_minute,
        "same refused acts": min(1, settings.refusals_told_per_minute),
        "devices": DEVICES_LIMIT,
    }
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url is not None else None
    return Rates(limits={sort: count for sort, count in limits.items() if count}, redis_url=redis_url)


def session_life(settings: Settings) -> SessionLife:
    """When sessions end by themselves."""
    return SessionLife(idle_seconds=settings.session_idle_minutes * 60, seconds_max=settings.session_hours * 3_600)


def device_life(settings: Settings) -> SessionLife:
    """When the sessions of command lines end by themselves."""
    seconds = settings.device_session_days * 86_400
    return SessionLife(idle_seconds=seconds, seconds_max=seconds)


def provider_of(settings: Settings) -> Provider | None:
    """The OpenID provider, if there is one.

    :raises ProviderMisconfigured: if its settings make no sense.
    """
    if settings.oidc_issuer is None:
        return None
    if "openid" not in settings.oidc_scopes:
        raise ProviderMisconfigured(setting="GROVE_OIDC_SCOPES", missing="openid")
    admission_of(settings)
    return Provider(
        ProviderConfig(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=_revealed(settings.oidc_client_secret),
            scopes=settings.oidc_scopes,
            groups_claim=settings.oidc_groups_claim,
            ca_file=settings.git_ca_file,
        )
    )


def admission_of(settings: Settings) -> Admission:
    """Who is let in whom the provider vouches for.

    :raises ProviderMisconfigured: if a group is to give a role that is none.
    """
    default = settings.oidc_default_role
    return Admission(
        roles=tuple(_group_role(group, given) for group, given in settings.oidc_roles.items()),
        default_role=Role(default) if default is not None else None,
        may_sign_up=settings.oidc_sign_up,
        trust_days=settings.oidc_trust_days,
    )


def _group_role(group: str, given: str) -> GroupRole:
    tenant, _, role = given.rpartition("/")
    if role not in set(Role):
        raise ProviderMisconfigured(setting="GROVE_OIDC_ROLES", group=group, role=role, wanted=", ".join(Role))
    return GroupRole(group=group, role=Role(role), tenant=tenant or None)


def node_of(data: Path) -> str:
    """The name of this data folder's server among others on the same database."""
    path = data / "node-id"
    if not path.exists():
        write_durably(path, new_id().encode())
    return path.read_text(encoding="ascii")
