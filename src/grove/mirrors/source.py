"""Connecting a repository: look at it first, then register it. The looking is done outside of any transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from grove import accounts
from grove.credentials import (
    CredentialDraft,
    CredentialKind,
    CredentialNotFound,
    Keyring,
    Secret,
    add_credential,
    get_credential,
    remote_with,
    token_of,
)
from grove.forges import (
    Forge,
    ForgeAccess,
    ForgeRemote,
    SizeEstimate,
    estimate_size,
    recognise,
    repository_name,
    username_for,
)
from grove.git import Git, ListingLimits, LocalPath, Remote, RemoteUrl, RepositoryTooLarge, is_public, parse_remote_url
from grove.kit.files import folder_bytes
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction
from grove.mirrors.fetch import MirrorLimits
from grove.repositories import NewRepository, Repository, connect_repository

LISTING_SECONDS_MAX = 30.0
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A repository that somebody wants to be kept: its address, and the secret that opens it."""

    address: str
    access_token: str | None = field(default=None, repr=False)
    username: str | None = None
    project: str | None = None
    name: str | None = None
    tracked: tuple[str, ...] = ("*",)
    reason: str = ""
    credential_id: str | None = None
    """The credential that the token is from, when it is one that is kept."""
    kind: CredentialKind = CredentialKind.TOKEN
    """What the token is: a token, or an SSH key of a credential."""

    def opened_with(self, secret: Secret, *, credential_id: str) -> "Source":
        """The same source with the secret of a credential."""
        return replace(
            self,
            username=secret.username,
            access_token=secret.password,
            credential_id=credential_id,
            kind=secret.kind,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What a look at a source has shown."""

    name: str
    url: str
    host: str
    forge: Forge
    local: bool
    username: str | None
    default_branch: str | None
    head_commit: str | None
    branch_count: int
    tag_count: int
    estimated_bytes: int | None
    limit_bytes: int
    branches: tuple[str, ...]
    archived: bool = False
    fork: bool = False
    everybody_reads: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTools:
    """What looking at a source works with."""

    git: Git
    keyring: Keyring
    forges: Mapping[str, Forge]
    forge_access: ForgeAccess
    limits: MirrorLimits


def require_check(tx: Transaction, *, actor: Actor, source: Source) -> None:
    """Return when `actor` may look at a source and connect it to that project.

    :raises Denied: if it may not.
    :raises ProjectNotFound: if there is no such project.
    """
    tx.require(actor, "repository.check", Resource(kind="repository", tenant_id=actor.tenant_id))
    if source.project is not None:
        accounts.find_project(tx, actor=actor, project=source.project)


def check_source(source: Source, *, tools: SourceTools, cancelled: Callable[[], bool] = lambda: False) -> SourceReport:
    """Look at a source: can it be reached, is the credential good, how large is it, which branches has it.

    :raises UrlRefused: if the address is not one that may be connected.
    :raises CredentialRejected: if the host does not accept the credential.
    :raises RepositoryTooLarge: if it is known to be larger than is allowed.
    :raises GroveError: for whatever else the host answers.
    """
    address = _address(source.address)
    remote = _remote(source, address, tools)
    limits = ListingLimits(seconds_max=LISTING_SECONDS_MAX, refs_max=tools.limits.refs_max)
    listing = tools.git.listing(remote, limits=limits, cancelled=cancelled)
    estimate = _estimate(address, remote, tools)
    size = estimate.size_bytes if estimate else None
    if size is not None and size > tools.limits.bytes_max:
        raise RepositoryTooLarge(
            estimated_size_mb=round(size / MEGABYTE, 1), limit_mb=round(tools.limits.bytes_max / MEGABYTE)
        )
    branches = sorted(ref.removeprefix("refs/heads/") for ref in listing.refs if ref.startswith("refs/heads/"))
    return SourceReport(
        name=source.name or _name(address),
        url=str(address.path) if isinstance(address, LocalPath) else address.text,
        host="" if isinstance(address, LocalPath) else address.authority,
        forge=Forge.GENERIC if isinstance(address, LocalPath) else _forge(address, tools),
        local=isinstance(address, LocalPath),
        username=remote.secret.username if remote.secret else None,
        default_branch=listing.default_branch,
        head_commit=listing.head_commit,
        branch_count=len(branches),
        tag_count=sum(ref.startswith("refs/tags/") and not ref.endswith("^{}") for ref in listing.refs),
        estimated_bytes=size,
        limit_bytes=tools.limits.bytes_max,
        branches=tuple(branches),
        archived=estimate is not None and estimate.is_archived,
        fork=estimate is not None and estimate.is_fork,
        everybody_reads=_is_read_by_everybody(remote),
    )


def connect_source(
    tx: Transaction, *, actor: Actor, source: Source, report: SourceReport, keyring: Keyring, now: datetime
) -> Repository:
    """Register a source that has been looked at, and seal its secret.

    :raises Denied: if `actor` may not.
    :raises ProjectNotFound: if there is no such project.
    :raises RepositoryExists: if it is kept already.
    """
    if source.project is None:
        project = accounts.default_project(tx, tenant_id=actor.tenant_id)
    else:
        project = accounts.find_project(tx, actor=actor, project=source.project)
    credential_id = source.credential_id
    if credential_id is not None:
        check_project(tx, actor=actor, credential_id=credential_id, project_id=project.id)
    elif source.access_token and not report.local:
        draft = CredentialDraft(
            name=f"{report.name[:60]} {new_id()[:8]}",
            host=report.host,
            username=report.username or "",
            password=source.access_token,
            project_id=project.id,
        )
        credential_id = add_credential(tx, actor=actor, keyring=keyring, draft=draft, now=now).id
    wanted = NewRepository(
        name=report.name,
        url=report.url,
        host=report.host,
        forge=report.forge,
        project_id=project.id,
        credential_id=credential_id,
        local=report.local,
        tracked=source.tracked,
        estimated_bytes=report.estimated_bytes,
        default_branch=report.default_branch,
        archived=report.archived,
        fork=report.fork,
        reason=source.reason,
        everybody_reads=report.everybody_reads,
    )
    return connect_repository(tx, actor=actor, wanted=wanted, now=now)


def check_project(tx: Transaction, *, actor: Actor, credential_id: str, project_id: str) -> None:
    """Return when a credential may be used in a project: it is for that one, or for all.

    :raises CredentialNotFound: if it is for another.
    """
    kept = get_credential(tx, tenant_id=actor.tenant_id, credential_id=credential_id)
    if kept.project_id not in {None, project_id}:
        raise CredentialNotFound(credential=credential_id)


def _address(text: str) -> RemoteUrl | LocalPath:
    """An absolute path means a folder of this machine; whether it may be read is decided by the allow-list."""
    return LocalPath(Path(text)) if text.startswith("/") else parse_remote_url(text)


def _forge(address: RemoteUrl, tools: SourceTools) -> Forge:
    return recognise(address.authority, address.path, hosts=tools.forges)


def _remote(source: Source, address: RemoteUrl | LocalPath, tools: SourceTools) -> Remote:
    if isinstance(address, LocalPath):
        return Remote(url=address)
    if not source.access_token:
        return remote_with(address, None)
    username = source.username or username_for(_forge(address, tools), source.access_token)
    return remote_with(address, Secret(username=username, password=source.access_token, kind=source.kind))


def _estimate(address: RemoteUrl | LocalPath, remote: Remote, tools: SourceTools) -> SizeEstimate | None:
    if isinstance(address, LocalPath):
        return SizeEstimate(size_bytes=_local_bytes(address.path), forge=Forge.GENERIC)
    if address.is_ssh:
        return None  # a key does not open the API, and what everybody can read would be asked for by HTTPS
    at = ForgeRemote(forge=_forge(address, tools), host=address.authority, path=address.path, secret=token_of(remote))
    return estimate_size(at, access=tools.forge_access)


def _is_read_by_everybody(remote: Remote) -> bool | None:
    """Known of what was listed without a credential; of the rest the forge is asked later."""
    if isinstance(remote.url, LocalPath):
        return False
    return is_public(remote.url) if remote.secret is None else None


def _local_bytes(repository: Path) -> int:
    objects = repository / ".git" / "objects"
    return folder_bytes(objects if objects.is_dir() else repository / "objects")


def _name(address: RemoteUrl | LocalPath) -> str:
    if isinstance(address, LocalPath):
        return address.path.name.removesuffix(".git") or "repository"
    return repository_name(address.authority, address.path)
