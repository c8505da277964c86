"""How the parts are put together, and which adapter each of them uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from grove.accounts import Rates
from grove.checkouts import CheckoutDesk, CheckoutGround, CommandDesk, has_checkout
from grove.credentials import CredentialKind, Keyring, KeyringSigner, Minter, SecretStores
from grove.decisions import DecisionMeter, decision_rounds
from grove.exports import ExportTools
from grove.followings import FollowingTools
from grove.forges import Forge, ForgeAccess, GitHubApps, OAuthTokens
from grove.git import Git, GitServer
from grove.grants import CheckTools, Patience, forge_reads
from grove.indexing import (
    BuildTools,
    HistoryTools,
    IndexTools,
    OpenIndexes,
    PinDesk,
    RemovalTools,
    Retention,
    StaticEmbedder,
)
from grove.jobs import JobKind
from grove.kit import faults, logging
from grove.kit.bell import Bell
from grove.kit.gate import Gate
from grove.kit.rounds import Rounds
from grove.kit.transactions import Database, Handlers, Transaction
from grove.languages import PooledParser
from grove.mirrors import (
    MirrorReader,
    MirrorTools,
    SourceTools,
)
from grove.navigation import DeltaDesk, Navigator
from grove.oidc import Provider
from grove.placement import Locator, ProcessPlaces
from grove.policies import PolicyGate
from grove.promotions import PromotionDesk
from grove.quotas import hold_queries, hold_workspace_bytes
from grove.sandbox import Confiner
from grove.scip import MakingTools, ScipDesk
from grove.search import CommitFinder, Desk
from grove.settings import Settings
from grove.usage import UsageMeter, usage_rounds
from grove.vectors import VectorDesk, tidy_vectors
from grove.wiring.causes import WHEN, WHEN_EMBEDDED
from grove.wiring.configuration import (
    TREE_LIMITS,
    checkout_limits,
    confiner,
    database_url,
    git_config,
    history_limits,
    large_repository_bytes,
    making_tools,
    mirror_limits,
    models_of,
    node_of,
    patience_of,
    pinned,
    provider_of,
    rates_of,
    workspace_limits,
)
from grove.wiring.consents import counting_consents
from grove.wiring.drafts import WorkspaceDrafts
from grove.wiring.refusals import telling_refusals
from grove.wiring.secrets import keyring_of, secret_stores_of
from grove.wiring.sight import things
from grove.wiring.work import JOB_KINDS
from grove.workspaces import (
    BranchDesk,
    KeepDesk,
    MergeDesk,
    PatchDesk,
    PushDesk,
    StashDesk,
    Workspace,
    WorkspaceDesk,
    commits_in_use,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grove:
    """Everything that an entry point needs."""

    settings: Settings
    node: str
    locator: Locator
    gate: PolicyGate
    database: Database
    keyring: Keyring
    stores: SecretStores
    rates: Rates
    oidc: Provider | None
    git: Git
    confiner: Confiner
    mirrors: MirrorReader
    sources: SourceTools
    indexes: OpenIndexes
    vectors: VectorDesk
    search: Desk
    usage: UsageMeter
    decisions: DecisionMeter
    scip: ScipDesk
    navigation: Navigator
    workspaces: WorkspaceDesk
    checkouts: CheckoutDesk
    commands: CommandDesk
    parser: PooledParser
    jobs: Mapping[str, JobKind]
    mirror_tools: MirrorTools
    index_tools: IndexTools
    history_tools: HistoryTools
    removal_tools: RemovalTools

    def counting(self) -> tuple[Rounds, ...]:
        """What writes down, beside the work of a process, what it counts in memory."""
        return usage_rounds(self.usage), decision_rounds(self.decisions, self.database)

    @property
    def making_tools(self) -> MakingTools:
        """What making indexes of symbols works with."""
        return making_tools(self.settings, desk=self.scip, confiner=self.confiner)

    @property
    def pins(self) -> PinDesk:
        """What keeps commits indexed that somebody wants to stay."""
        return PinDesk(database=self.database, mirrors=self.mirrors)

    @property
    def following_tools(self) -> FollowingTools:
        """What following policies works with."""
        return FollowingTools(mirrors=self.mirrors, gate=self.gate)

    @property
    def export_tools(self) -> ExportTools:
        """What writing exports works with."""
        return ExportTools(desk=self.search, locator=self.locator)

    @property
    def git_server(self) -> GitServer:
        """What speaks to git clients."""
        return GitServer(self.git.config)

    @property
    def _of_workspaces(self) -> dict[str, Any]:
        """What all that works with workspaces stands on."""
        of = self.workspaces
        return {
            "database": of.database,
            "mirrors": of.mirrors,
            "locator": of.locator,
            "limits": of.limits,
            "hold": of.hold,
        }

    @property
    def pushes(self) -> PushDesk:
        """What takes the commits that they push."""
        return PushDesk(**self._of_workspaces)

    @property
    def deltas(self) -> DeltaDesk:
        """What tells what pull requests change."""
        return DeltaDesk(database=self.database, mirrors=self.mirrors, parser=self.parser)

    @property
    def promotions(self) -> PromotionDesk:
        """What brings workspaces to the forges."""
        return PromotionDesk(
            database=self.database,
            mirrors=self.mirrors,
            locator=self.locator,
            keyring=self.keyring,
            stores=self.stores,
            access=self.sources.forge_access,
            guarded=self.settings.guarded_paths,
        )

    @property
    def patches(self) -> PatchDesk:
        """What takes patches into workspaces."""
        return PatchDesk(**self._of_workspaces)

    @property
    def keeping(self) -> KeepDesk:
        """What keeps workspaces up with their branches, and ends those that nobody uses."""
        return KeepDesk(
            is_held=lambda tx, workspace_id: has_checkout(tx, workspace_id=workspace_id), **self._of_workspaces
        )

    @property
    def branches(self) -> BranchDesk:
        """What makes branches of workspaces, and switches between them."""
        return BranchDesk(
            is_held=lambda tx, workspace_id: has_checkout(tx, workspace_id=workspace_id), **self._of_workspaces
        )

    @property
    def merges(self) -> MergeDesk:
        """What brings workspaces and their branches together."""
        return MergeDesk(**self._of_workspaces)

    @property
    def stashes(self) -> StashDesk:
        """What puts changes of workspaces aside."""
        return StashDesk(**self._of_workspaces)

    def close(self) -> None:
        """Let go of what is open."""
        self.vectors.models.close()
        self.parser.close()
        self.scip.close()
        self.database.close()


def build(settings: Settings) -> Grove:
    """Put the parts together for this data folder.

    :raises GroveError: if the master key is missing, unsafe or weak.
    :raises DataFolderUnusable: if the data folder cannot be used.
    """
    logging.configure(settings.log_format, level=settings.log_level)
    locator = Locator(settings.data_dir)
    locator.prepare()
    faults.arm(settings.fault, folder=locator.data)
    table = StaticEmbedder.load()
    models = models_of(settings, table)
    gate = PolicyGate(large_bytes=large_repository_bytes(settings), forge_reads=forge_reads, things=things)
    git, keyring, decisions = Git(git_config(settings, locator)), keyring_of(settings, locator), DecisionMeter()
    rates, when = rates_of(settings), WHEN_EMBEDDED if models.are_further else WHEN
    database = _database(settings, gate, keyring=keyring, rates=rates, when=when, decisions=decisions)
    reader = MirrorReader(git=git, locator=locator)
    indexes, parser = OpenIndexes(locator), PooledParser()
    tools = BuildTools(parser=parser, embedder=table)
    index_tools = _index_tools(settings, mirrors=reader, indexes=indexes, build=tools)
    confined = confiner(settings, locator)
    vectors = VectorDesk(database=database, indexes=indexes, models=models)
    scip, usage = ScipDesk(database=database, mirrors=reader, locator=locator), UsageMeter(database)
    desk = _desk(database, indexes=indexes, tools=index_tools, vectors=vectors, locator=locator, usage=usage)
    sources = _sources(settings, git=git, keyring=keyring)
    stores = secret_stores_of(settings, minters=_minters(database, sources))
    workspaces = _workspaces(settings, database=database, mirrors=reader, locator=locator)
    checkouts = _checkouts(settings, workspaces, confiner=confined)
    return Grove(
        settings=settings,
        node=node_of(settings.data_dir),
        locator=locator,
        gate=gate,
        database=database,
        keyring=keyring,
        stores=stores,
        rates=rates,
        oidc=provider_of(settings),
        git=git,
        confiner=confined,
        mirrors=reader,
        sources=sources,
        indexes=indexes,
        vectors=vectors,
        parser=parser,
        search=desk,
        usage=usage,
        decisions=decisions,
        scip=scip,
        navigation=Navigator(desk=desk, parser=parser, scip=scip, workspaces=workspaces),
        workspaces=workspaces,
        checkouts=checkouts,
        commands=CommandDesk(checkouts=checkouts),
        jobs={kind.name: kind for kind in JOB_KINDS},
        mirror_tools=_mirror_tools(sources, locator=locator, stores=stores, patience=patience_of(settings)),
        index_tools=index_tools,
        history_tools=HistoryTools(index=index_tools, limits=history_limits(settings)),
        removal_tools=_removal_tools(locator, indexes=indexes, vectors=vectors),
    )


def _database(
    settings: Settings, gate: Gate, *, keyring: Keyring, rates: Rates, when: Handlers, decisions: DecisionMeter
) -> Database:
    locator = Locator(settings.data_dir)
    return Database(
        database_url(settings, locator),
        gate=gate,
        handlers=when,
        signer=KeyringSigner(keyring),
        wake=Bell(ProcessPlaces(locator).bell).ring,
        telling=telling_refusals(rates),
        counting=counting_consents(decisions),
    )


def _workspaces(settings: Settings, *, database: Database, mirrors: MirrorReader, locator: Locator) -> WorkspaceDesk:
    def hold(tx: Transaction, workspace: Workspace) -> None:
        hold_workspace_bytes(tx, tenant_id=workspace.tenant_id, owner_id=workspace.owner_id)

    limits = workspace_limits(settings)
    return WorkspaceDesk(database=database, mirrors=mirrors, locator=locator, limits=limits, hold=hold)


def _checkouts(settings: Settings, of: WorkspaceDesk, *, confiner: Confiner) -> CheckoutDesk:
    ground = CheckoutGround(
        database=of.database,
        mirrors=of.mirrors,
        locator=of.locator,
        limits=checkout_limits(settings),
        confiner=confiner,
        hold=of.hold,
    )
    return CheckoutDesk(ground=ground)


def _desk(
    database: Database,
    *,
    indexes: OpenIndexes,
    tools: IndexTools,
    vectors: VectorDesk,
    locator: Locator,
    usage: UsageMeter,
) -> Desk:
    return Desk(
        database=database,
        indexes=indexes,
        mirrors=tools.mirrors,
        commits=CommitFinder(mirrors=tools.mirrors, tools=tools.build, tree_limits=TREE_LIMITS),
        drafts=WorkspaceDrafts(locator),
        vectors=vectors,
        usage=usage,
        hold_queries=lambda tx, actor, now: hold_queries(tx, actor=actor, now=now),
    )


def _removal_tools(locator: Locator, *, indexes: OpenIndexes, vectors: VectorDesk) -> RemovalTools:
    return RemovalTools(locator=locator, indexes=indexes, forget_vectors=partial(tidy_vectors, desk=vectors))


def _index_tools(settings: Settings, *, mirrors: MirrorReader, indexes: OpenIndexes, build: BuildTools) -> IndexTools:
    return IndexTools(
        mirrors=mirrors,
        indexes=indexes,
        build=build,
        tree_limits=TREE_LIMITS,
        retention=Retention(snapshots_min=settings.keep_snapshots, commits_in_use=commits_in_use),
    )


def _mirror_tools(sources: SourceTools, *, locator: Locator, stores: SecretStores, patience: Patience) -> MirrorTools:
    checks = CheckTools(
        git=sources.git,
        keyring=sources.keyring,
        stores=stores,
        forge_access=sources.forge_access,
        refs_max=sources.limits.refs_max,
        patience=patience,
    )
    return MirrorTools(
        checks=checks,
        git=sources.git,
        locator=locator,
        keyring=sources.keyring,
        stores=stores,
        limits=sources.limits,
        forge_access=sources.forge_access,
    )


def _minters(database: Database, sources: SourceTools) -> Mapping[CredentialKind, Minter]:
    access = sources.forge_access
    oauth = OAuthTokens(database=database, keyring=sources.keyring, access=access, hosts=sources.forges)
    return {CredentialKind.GITHUB_APP: GitHubApps(access), CredentialKind.OAUTH: oauth}


def _sources(settings: Settings, *, git: Git, keyring: Keyring) -> SourceTools:
    return SourceTools(
        git=git,
        keyring=keyring,
        forges={host: Forge(name) for host, name in settings.forges.items()},
        forge_access=ForgeAccess(
            resolve=pinned(settings), ca_file=settings.git_ca_file, api_roots=dict(settings.forge_apis)
        ),
        limits=mirror_limits(settings),
    )
