"""What causes what, which adapter is used, and how the parts are put together."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from grove import exports, freshness, indexing, mirrors
from grove.credentials import Keyring, create_key_file, load_keyring, parse_keyring
from grove.exports import ExportTools
from grove.forges import Forge, ForgeAccess
from grove.git import Git, GitConfig, HostBusy, TreeLimits, parse_remote_url, pin
from grove.indexing import (
    BuildTools,
    HeadsPublished,
    HistoryLimits,
    HistoryTools,
    IndexTools,
    OpenIndexes,
    PooledParser,
    RemovalTools,
    StaticEmbedder,
)
from grove.jobs import JobKind, Run, enqueue
from grove.kit import faults, logging
from grove.kit.files import write_durably
from grove.kit.gate import Gate
from grove.kit.ids import new_id
from grove.kit.transactions import Database, Handlers, Transaction
from grove.mirrors import (
    MirrorFoundCurrent,
    MirrorLimits,
    MirrorPublished,
    MirrorReader,
    MirrorTools,
    SourceTools,
    SyncFailed,
)
from grove.navigation import Navigator
from grove.placement import Locator
from grove.policies import RoleGate
from grove.repositories import (
    HistoryPolicyChanged,
    RepositoryApproved,
    RepositoryEvent,
    RepositoryRemoved,
    RepositorySyncRequested,
)
from grove.scip import ScipDesk
from grove.search import CommitFinder, Desk
from grove.settings import Settings
from grove.workspaces import WorkspaceDesk, WorkspaceLimits, refuse_removal

MEGABYTE = 1024 * 1024
GIT_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
TREE_ENTRIES_MAX = 1_000_000
TREE_DEPTH_MAX = 256
TREE_SECONDS_MAX = 120.0
MERGE_DELAY_SECONDS = 3.0
"""Merges are in no hurry: whatever is due goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grove:
    """Everything that an entry point needs."""

    settings: Settings
    node: str
    locator: Locator
    gate: Gate
    database: Database
    keyring: Keyring
    git: Git
    mirrors: MirrorReader
    sources: SourceTools
    indexes: OpenIndexes
    embedder: StaticEmbedder
    search: Desk
    scip: ScipDesk
    navigation: Navigator
    workspaces: WorkspaceDesk
    parser: PooledParser
    jobs: Mapping[str, JobKind]
    mirror_tools: MirrorTools
    index_tools: IndexTools
    history_tools: HistoryTools
    removal_tools: RemovalTools

    @property
    def export_tools(self) -> ExportTools:
        """What writing exports works with."""
        return ExportTools(desk=self.search, locator=self.locator)

    def close(self) -> None:
        """Let go of what is open."""
        self.parser.close()
        self.scip.close()
        self.database.close()


def build(settings: Settings) -> Grove:
    """Put the parts together for this data folder.

    :raises GroveError: if the master key is missing, unsafe or weak.
    :raises DataFolderUnusable: if the data folder cannot be used.
    """
    logging.configure(pretty=settings.log_format == "pretty", level=settings.log_level)
    locator = Locator(settings.data_dir)
    locator.prepare()
    faults.arm(settings.fault, folder=locator.data)
    gate = RoleGate()
    database = Database(database_url(settings, locator), gate=gate, handlers=WHEN)
    git = Git(git_config(settings, locator))
    reader = MirrorReader(git=git, locator=locator)
    indexes = OpenIndexes(locator)
    embedder = StaticEmbedder.load()
    parser = PooledParser()
    tools = BuildTools(parser=parser, embedder=embedder)
    tree_limits = TreeLimits(entries_max=TREE_ENTRIES_MAX, depth_max=TREE_DEPTH_MAX, seconds_max=TREE_SECONDS_MAX)
    index_tools = IndexTools(mirrors=reader, indexes=indexes, build=tools, tree_limits=tree_limits)
    keyring = _keyring(settings, locator)
    scip = ScipDesk(database=database, mirrors=reader, locator=locator)
    desk = Desk(
        database=database,
        indexes=indexes,
        mirrors=reader,
        commits=CommitFinder(mirrors=reader, tools=tools, tree_limits=tree_limits),
        embedder=embedder,
    )
    return Grove(
        settings=settings,
        node=_node(settings.data_dir),
        locator=locator,
        gate=gate,
        database=database,
        keyring=keyring,
        git=git,
        mirrors=reader,
        sources=SourceTools(
            git=git,
            keyring=keyring,
            forges={host: Forge(name) for host, name in settings.forges.items()},
            forge_access=ForgeAccess(resolve=_pinned(settings), ca_file=settings.git_ca_file),
            limits=mirror_limits(settings),
        ),
        indexes=indexes,
        embedder=embedder,
        parser=parser,
        search=desk,
        scip=scip,
        navigation=Navigator(desk=desk, parser=parser, scip=scip),
        workspaces=WorkspaceDesk(database=database, mirrors=reader, locator=locator, limits=workspace_limits(settings)),
        jobs={kind.name: kind for kind in JOB_KINDS},
        mirror_tools=MirrorTools(git=git, locator=locator, keyring=keyring, limits=mirror_limits(settings)),
        index_tools=index_tools,
        history_tools=HistoryTools(index=index_tools, limits=history_limits(settings)),
        removal_tools=RemovalTools(locator=locator, indexes=indexes),
    )


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


def workspace_limits(settings: Settings) -> WorkspaceLimits:
    """How much one user may have in workspaces."""
    return WorkspaceLimits(count_max=settings.max_workspaces, written_bytes_max=settings.max_workspace_mb * MEGABYTE)


def history_limits(settings: Settings) -> HistoryLimits:
    """How much of one repository's past is read to index it ahead."""
    return HistoryLimits(bytes_read_max=settings.max_history_mb * MEGABYTE)


def _pinned(settings: Settings) -> Callable[[str, int], str]:
    """Finds the one address at which a forge may be asked, by the rules for git hosts."""

    def resolve(host: str, port: int) -> str:
        url = parse_remote_url(f"https://{host}:{port}/api")
        return str(pin(url, allowed=settings.allowed_networks).addresses[0])

    return resolve


def _keyring(settings: Settings, locator: Locator) -> Keyring:
    if settings.master_key is not None:
        return parse_keyring(settings.master_key.get_secret_value())
    path = locator.master_key()
    if not path.exists():
        create_key_file(path)
    return load_keyring(path)


def _node(data: Path) -> str:
    """The name of this data folder's server among others on the same database."""
    path = data / "node-id"
    if not path.exists():
        write_durably(path, new_id().encode())
    return path.read_text(encoding="ascii")


def _enqueue_for(event: RepositoryEvent, tx: Transaction, kind: str, **arguments: object) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind=kind,
        target_id=event.repository_id,
        requested_by=event.actor_id,
        arguments=arguments,
        now=event.at,
    )


def _mirror_approved(tx: Transaction, event: RepositoryApproved) -> None:
    _enqueue_for(event, tx, "mirror.sync")


def _mirror_again(tx: Transaction, event: RepositorySyncRequested) -> None:
    arguments = {"accept_ref_loss": True} if event.accept_ref_loss else {}
    _enqueue_for(event, tx, "mirror.sync", **arguments)


def _index_mirror(tx: Transaction, event: MirrorPublished) -> None:
    _enqueue_for(event, tx, "snapshot.index")


def _index_history(tx: Transaction, event: HeadsPublished | HistoryPolicyChanged) -> None:
    _enqueue_for(event, tx, indexing.HISTORY_JOB)


def _keep_up(tx: Transaction, event: RepositoryApproved) -> None:
    freshness.begin_freshness(tx, tenant_id=event.tenant_id, repository_id=event.repository_id, now=event.at)


def _resume_host(tx: Transaction, event: MirrorPublished | MirrorFoundCurrent) -> None:
    freshness.resume_host(tx, host=event.host)


def _pause_busy_host(tx: Transaction, event: SyncFailed) -> None:
    if event.code == HostBusy.code:
        freshness.pause_host(tx, host=event.host, now=event.at)


def _refuse_removal(tx: Transaction, event: RepositoryRemoved) -> None:
    refuse_removal(tx, repository_id=event.repository_id)


def _remove(tx: Transaction, event: RepositoryRemoved) -> None:
    _enqueue_for(event, tx, "repository.remove")


def _repair_index(tx: Transaction, event: indexing.IndexDamaged) -> None:
    _enqueue_for(event, tx, "snapshot.index")
    _merge(tx, event)


def _rebuild_index(tx: Transaction, event: indexing.IndexRebuildRequested) -> None:
    _enqueue_for(event, tx, "index.rebuild")


def _verify_index(tx: Transaction, event: indexing.IndexVerificationRequested) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind="index.verify",
        target_id=event.target_id,
        requested_by=event.actor_id,
        now=event.at,
    )


def _merge_if_due(tx: Transaction, event: RepositoryEvent) -> None:
    if indexing.is_merge_due(tx, tenant_id=event.tenant_id):
        _merge(tx, event)


def _merge(tx: Transaction, event: RepositoryEvent) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind="index.merge",
        target_id=event.tenant_id,
        requested_by=event.actor_id,
        now=event.at,
        delay_seconds=MERGE_DELAY_SECONDS,
    )


WHEN: Handlers = {
    RepositoryApproved: [_mirror_approved, _keep_up],
    RepositorySyncRequested: [_mirror_again],
    MirrorPublished: [_index_mirror, _resume_host],
    MirrorFoundCurrent: [_resume_host],
    HeadsPublished: [_index_history, _merge_if_due],
    HistoryPolicyChanged: [_index_history],
    SyncFailed: [_pause_busy_host],
    indexing.IndexGrown: [_merge_if_due],
    indexing.IndexDamaged: [_repair_index],
    indexing.IndexRebuildRequested: [_rebuild_index],
    indexing.IndexVerificationRequested: [_verify_index],
    RepositoryRemoved: [_refuse_removal, _remove],
}
"""What causes what."""


def _undamaged(grove: "Grove", run: Run, work: Callable[[Run], None]) -> None:
    with indexing.damage_isolated(run, indexes=grove.indexes):
        work(run)


JOB_KINDS = (
    JobKind(
        name="mirror.sync",
        title="Clones a repository, or fetches what is new.",
        permission="repository.sync",
        work=lambda grove, run: mirrors.sync_mirror(run, tools=grove.mirror_tools),
        settle=mirrors.settle_sync,
    ),
    JobKind(
        name="snapshot.index",
        title="Publishes a snapshot of each tracked branch that has moved.",
        permission="repository.sync",
        work=lambda grove, run: _undamaged(grove, run, partial(indexing.index_repository, tools=grove.index_tools)),
        settle=indexing.settle_index,
    ),
    JobKind(
        name=indexing.HISTORY_JOB,
        title="Indexes the past of a repository, as its policy says.",
        permission="repository.sync",
        work=lambda grove, run: _undamaged(grove, run, partial(indexing.index_history, tools=grove.history_tools)),
    ),
    JobKind(
        name="repository.remove",
        title="Removes a repository with its mirror, snapshots, index and credential.",
        permission="repository.remove",
        work=lambda grove, run: _undamaged(grove, run, partial(indexing.remove_everything, tools=grove.removal_tools)),
    ),
    JobKind(
        name="index.merge",
        title="Folds small segments into larger ones, and drops what no snapshot uses.",
        permission="repository.sync",
        work=lambda grove, run: _undamaged(grove, run, partial(indexing.merge_index, indexes=grove.indexes)),
    ),
    JobKind(
        name="index.verify",
        title="Reads an index whole, to find damage before a reader does.",
        permission="index.verify",
        work=lambda grove, run: indexing.verify_index(run, indexes=grove.indexes),
    ),
    JobKind(
        name="index.rebuild",
        title="Builds the index of a repository anew from its mirror.",
        permission="index.rebuild",
        work=lambda grove, run: indexing.rebuild_index(run, tools=grove.index_tools),
        settle=indexing.settle_index,
    ),
    JobKind(
        name="export.write",
        title="Writes every place that answers a question to a file.",
        permission="export.create",
        work=lambda grove, run: exports.write_export(run, tools=grove.export_tools),
    ),
)
"""Every kind of background work."""
