"""Bringing a mirror up to date: begin, fetch aside, check, publish, finish.

What is fetched lands in a folder of the job's own. Only when it has been checked are its packs moved into the mirror
and the refs changed; and only the rows that are written last make it count for readers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import delete, insert

from grove import grants
from grove.credentials import Keyring, Lease, Purpose, SecretStores, lease_secret, remote_with
from grove.forges import Forge, ForgeAccess
from grove.git import (
    CredentialRejected,
    FetchLimits,
    FetchProgress,
    Git,
    ListingLimits,
    LocalPath,
    Remote,
    RemoteListing,
    RemoteUrl,
    parse_remote_url,
)
from grove.jobs import Job, JobState, Progress, Run, told_seconds
from grove.kit import faults
from grove.kit.files import folder_bytes, publish_folder, remove_tree, write_durably
from grove.kit.transactions import Transaction
from grove.mirrors.arguments import SyncArguments
from grove.mirrors.errors import RefsVanished
from grove.mirrors.events import MirrorFoundCurrent, MirrorPublished, SyncFailed
from grove.mirrors.growing import claim_room
from grove.mirrors.pulls import (
    PULL_PREFIX,
    MirroredPull,
    are_current,
    are_pulls_tracked,
    fetch_pulls,
    keep_pulls,
    listed_pulls,
    pulls_of,
    ref_of,
)
from grove.mirrors.queries import refs_of
from grove.mirrors.tables import MirrorRefRow
from grove.owners import read_owners
from grove.placement import Locator
from grove.repositories import Clone, Index, Problem, Repository, record_clone, record_mirror, repository_of_job

REFSPECS = ("+refs/heads/*:refs/heads/*",)
TAG_REFSPEC = "+refs/tags/*:refs/tags/*"
MARKER = "grove-mirror"
REFS_KEPT_RATIO_MIN = 0.5
"""When fewer of the branches than this are left upstream, somebody has to look."""

FETCHED = faults.declare("mirror.fetched")
CHECKED = faults.declare("mirror.checked")
PACKS_MOVED = faults.declare("mirror.packs_moved")
PUBLISHED = faults.declare("mirror.published")
ROWS_WRITTEN = faults.declare("mirror.rows_written")


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorLimits:
    """How much one repository may take."""

    bytes_max: int
    seconds_max: float
    refs_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorTools:
    """What mirroring works with."""

    git: Git
    locator: Locator
    keyring: Keyring
    stores: SecretStores
    limits: MirrorLimits
    forge_access: ForgeAccess
    checks: grants.CheckTools


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    repository: Repository
    remote: Remote
    mirror: Path
    incoming: Path
    published_refs: Mapping[str, str]
    accept_ref_loss: bool
    tracks_pulls: bool
    pulls: Sequence[MirroredPull]
    lease: Lease | None
    had: Mapping[str, str] | None = None
    """The refs of the mirror, if there is one: nobody else changes those of the host meanwhile."""


def sync_mirror(run: Run, *, tools: MirrorTools) -> None:
    """Clone a repository, or fetch what is new.

    :raises GroveError: with its own code, whatever goes wrong; a mirror that was there before is left as it was.
    """
    plan = _begin(run, tools)
    try:
        plan, listing = _listed(run, plan, tools)
        run.check_cancelled()
        plan = _with_pulls(plan, tools)
        if _is_current(plan, listing):
            _finish_current(run, plan)
            return
        plan = replace(plan, had=tools.git.refs(plan.mirror) if is_published(plan.mirror) else None)
        _check_refs_kept(plan, listing)
        refs = _fetch(run, tools, plan, listing)
        claim_room(run, plan.repository, fetched=plan.incoming / "mirror.git")
        _publish(tools.git, plan, listing, refs)
        _finish(run, plan, listing, refs, owners=_owners(tools.git, plan, listing, refs))
    finally:
        remove_tree(plan.incoming)


def settle_sync(tx: Transaction, job: Job) -> None:
    """Bring the repository's state in line with a job that did not succeed."""
    if job.error is None or (job.finished_at is None and job.state is not JobState.QUEUED):
        return
    repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
    if repository.clone is Clone.REMOVING:
        return
    at = job.finished_at or job.run_at
    problem = Problem(code=job.error["code"], message=told_problem(job), at=at)
    clone = repository.clone
    if clone is Clone.CLONING:
        clone = Clone.QUEUED if job.state is JobState.QUEUED else Clone.FAILED
    record_clone(tx, tenant_id=job.tenant_id, repository_id=job.target_id, clone=clone, now=at, problem=problem)
    tx.publish(
        SyncFailed(
            tenant_id=job.tenant_id,
            repository_id=job.target_id,
            actor_id=job.requested_by,
            host=repository.host,
            code=problem.code,
            retry_after_seconds=told_seconds(job.error),
            at=at,
        )
    )


def told_problem(job: Job) -> str:
    """What a job that failed says of the reason."""
    message = str((job.error or {}).get("message", ""))
    facts = (job.error or {}).get("facts") or {}
    detail = facts.get("detail") or facts.get("reason")
    return f"{message} ({detail})" if detail else message


def _begin(run: Run, tools: MirrorTools) -> _Plan:
    job = run.job
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        repository.require_kept_up()
    grants.require_access(run, repository, tools=tools.checks)
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        repository.require_kept_up()
        if repository.clone is not Clone.PRESENT:
            repository = record_clone(
                tx, tenant_id=job.tenant_id, repository_id=job.target_id, clone=Clone.CLONING, now=run.now
            )
        published_refs = refs_of(tx, repository_id=repository.id)
        tracks_pulls = are_pulls_tracked(tx, repository_id=repository.id)
        pulls = pulls_of(tx, repository_id=repository.id)
        leased = None
        if repository.credential_id is not None:
            leased = lease_secret(
                tx,
                actor=run.actor,
                keyring=tools.keyring,
                credential_id=repository.credential_id,
                host=repository.host,
                purpose=Purpose.of_job(job),
                now=run.now,
            )
    incoming = tools.locator.incoming(tenant_id=job.tenant_id, repository_id=job.target_id, job_id=job.id)
    remove_tree(incoming)
    incoming.mkdir(parents=True, mode=0o700)
    return _Plan(
        repository=repository,
        remote=_remote(repository, leased, tools),
        lease=leased,
        mirror=tools.locator.mirror(tenant_id=job.tenant_id, repository_id=job.target_id),
        incoming=incoming,
        published_refs=published_refs,
        accept_ref_loss=SyncArguments.of(job).accept_ref_loss,
        tracks_pulls=tracks_pulls,
        pulls=pulls,
    )


def _remote(repository: Repository, lease: Lease | None, tools: MirrorTools) -> Remote:
    """How the host is spoken to now: tokens that are made for a while are made anew in long work."""
    url = _address(repository)
    if isinstance(url, LocalPath):
        return Remote(url=url)
    return remote_with(url, tools.stores.open(lease, path=url.path) if lease is not None else None)


def _listed(run: Run, plan: _Plan, tools: MirrorTools) -> tuple[_Plan, RemoteListing]:
    """What the host has; a token that it took back before its end is made anew, once."""
    limits = ListingLimits(refs_max=tools.limits.refs_max)
    try:
        return plan, tools.git.listing(plan.remote, limits=limits, cancelled=run.is_stopped)
    except CredentialRejected:
        url = plan.remote.url
        if plan.lease is None or isinstance(url, LocalPath) or not tools.stores.forget(plan.lease, path=url.path):
            raise
    plan = replace(plan, remote=_remote(plan.repository, plan.lease, tools))
    return plan, tools.git.listing(plan.remote, limits=limits, cancelled=run.is_stopped)


def _with_pulls(plan: _Plan, tools: MirrorTools) -> _Plan:
    """The plan with the pull requests that are open now."""
    if not plan.tracks_pulls:
        return replace(plan, pulls=())
    return replace(plan, pulls=listed_pulls(plan.repository, plan.remote, access=tools.forge_access, known=plan.pulls))


def _address(repository: Repository) -> RemoteUrl | LocalPath:
    return LocalPath(Path(repository.url)) if repository.local else parse_remote_url(repository.url)


def fetch_limits(tools: MirrorTools) -> FetchLimits:
    """How much one fetch may take."""
    limits = tools.limits
    return FetchLimits(bytes_max=limits.bytes_max, seconds_max=limits.seconds_max, refs_max=limits.refs_max)


def _is_current(plan: _Plan, listing: RemoteListing) -> bool:
    """Whether readers have all that the host has; what failed before is always done again."""
    repository = plan.repository
    is_whole = repository.clone is Clone.PRESENT and repository.index is Index.READY and repository.problem is None
    upstream = {name: commit for name, commit in listing.refs.items() if not name.endswith("^{}")}
    return (
        is_whole
        and is_published(plan.mirror)
        and upstream == {name: oid for name, oid in plan.published_refs.items() if not name.startswith(PULL_PREFIX)}
        and are_current(plan.pulls, plan.published_refs)
        and listing.default_branch == repository.default_branch
    )


def _finish_current(run: Run, plan: _Plan) -> None:
    repository = plan.repository
    with run.finish() as tx:
        record_mirror(
            tx,
            tenant_id=repository.tenant_id,
            repository_id=repository.id,
            default_branch=repository.default_branch,
            head_commit=repository.head_commit,
            size_bytes=repository.size_bytes or 0,
            now=run.now,
        )
        tx.publish(
            MirrorFoundCurrent(
                tenant_id=repository.tenant_id,
                repository_id=repository.id,
                actor_id=run.job.requested_by,
                host=repository.host,
                at=run.now,
            )
        )


def _check_refs_kept(plan: _Plan, listing: RemoteListing) -> None:
    if plan.accept_ref_loss or plan.had is None:
        return
    had = {name for name in plan.had if name.startswith("refs/heads/")}
    kept = had & set(listing.refs)
    if len(kept) < len(had) * REFS_KEPT_RATIO_MIN:
        raise RefsVanished(had=len(had), kept=len(kept))


def _fetch(run: Run, tools: MirrorTools, plan: _Plan, listing: RemoteListing) -> dict[str, str]:
    """Fetch into the job's folder, beside the objects that the mirror has; the refs as they are upstream."""
    git, aside = tools.git, plan.incoming / "mirror.git"
    borrowing = plan.mirror if plan.had is not None else None
    git.init(aside, default_branch=listing.default_branch or "main", borrowing=borrowing, had=plan.had)
    refs = git.fetch(
        aside,
        _remote(plan.repository, plan.lease, tools),
        refspecs=[*REFSPECS, TAG_REFSPEC],
        limits=fetch_limits(tools),
        on_progress=lambda progress: run.report(_progress(progress)),
        cancelled=run.is_stopped,
    )
    if plan.pulls:
        remote = _remote(plan.repository, plan.lease, tools)
        fetch_pulls(git, aside, remote, forge=plan.repository.forge, pulls=plan.pulls, limits=fetch_limits(tools))
        refs = git.refs(aside)
    faults.reach(FETCHED)
    run.check_cancelled()
    wanted = {ref_of(pull.number) for pull in plan.pulls}
    return {name: oid for name, oid in _of_upstream(refs).items() if not name.startswith(PULL_PREFIX) or name in wanted}


def _of_upstream(refs: Mapping[str, str]) -> dict[str, str]:
    """Branches, tags and pull requests: other refs of a mirror are pins of ours, which no sync shows or removes."""
    return {name: oid for name, oid in refs.items() if name.startswith(("refs/heads/", "refs/tags/", PULL_PREFIX))}


def _progress(fetched: FetchProgress) -> Progress:
    return Progress(
        phase=fetched.phase,
        done=fetched.done,
        total=fetched.total or None,
        unit="objects",
        bytes_received=fetched.bytes_received or None,
        bytes_per_second=fetched.bytes_per_second or None,
        eta_seconds=fetched.seconds_left,
    )


def _publish(git: Git, plan: _Plan, listing: RemoteListing, refs: Mapping[str, str]) -> None:
    """Put what was fetched into place. Whatever is cut off here is done again by the next sync."""
    aside = plan.incoming / "mirror.git"
    if plan.had is None:
        remove_tree(plan.mirror)
        git.set_head(aside, listing.default_branch or "main")
        write_durably(aside / MARKER, f"{plan.repository.id}\n".encode())
        publish_folder(aside, plan.mirror)
        faults.reach(PUBLISHED)
        return
    git.move_packs(aside, plan.mirror)
    faults.reach(PACKS_MOVED)
    had = _of_upstream(plan.had)
    git.check_connectivity(plan.mirror, sorted(set(refs.values()) - set(had.values())))
    faults.reach(CHECKED)
    git.update_refs(
        plan.mirror,
        deletes=[name for name in had if name not in refs],
        updates={name: commit for name, commit in refs.items() if had.get(name) != commit},
    )
    if listing.default_branch:
        git.set_head(plan.mirror, listing.default_branch)
    faults.reach(PUBLISHED)


def _head(listing: RemoteListing, refs: Mapping[str, str]) -> str | None:
    return refs.get(f"refs/heads/{listing.default_branch}") if listing.default_branch else None


def _owners(git: Git, plan: _Plan, listing: RemoteListing, refs: Mapping[str, str]) -> tuple[str, ...]:
    """Who owns the whole repository, as its default branch says."""
    head, repository = _head(listing, refs), plan.repository
    if head is None:
        return ()
    with git.objects(plan.mirror) as reader:
        owners = read_owners(reader, head, forge=Forge(repository.forge), host=repository.host)
    return owners.of_all().owners if owners is not None else ()


def _finish(run: Run, plan: _Plan, listing: RemoteListing, refs: Mapping[str, str], *, owners: tuple[str, ...]) -> None:
    size_bytes = folder_bytes(plan.mirror)
    repository = plan.repository
    with run.finish() as tx:
        tx.session.execute(delete(MirrorRefRow).where(MirrorRefRow.repository_id == repository.id))
        known = {"tenant_id": repository.tenant_id, "repository_id": repository.id}
        rows = [{**known, "name": name, "commit": commit} for name, commit in refs.items()]
        if rows:
            tx.session.execute(insert(MirrorRefRow), rows)
        keep_pulls(tx, repository=repository, pulls=plan.pulls, refs=refs)
        record_mirror(
            tx,
            tenant_id=repository.tenant_id,
            repository_id=repository.id,
            default_branch=listing.default_branch,
            head_commit=_head(listing, refs),
            size_bytes=size_bytes,
            owners=owners,
            now=run.now,
        )
        tx.publish(
            MirrorPublished(
                tenant_id=repository.tenant_id,
                repository_id=repository.id,
                actor_id=run.job.requested_by,
                host=repository.host,
                at=run.now,
            )
        )
    faults.reach(ROWS_WRITTEN)


def is_published(mirror: Path) -> bool:
    """Whether a mirror is there, whole."""
    return (mirror / MARKER).is_file()
