"""The kinds of background work, and who does each."""

from collections.abc import Callable
from functools import partial

from grove import (
    checkouts,
    exports,
    followings,
    grants,
    indexing,
    mirrors,
    promotions,
    retention,
    scip,
    vectors,
    workspaces,
)
from grove.indexing import OpenIndexes
from grove.jobs import JobKind, Run


def _undamaged(indexes: OpenIndexes, run: Run, work: Callable[[Run], None]) -> None:
    with indexing.damage_isolated(run, indexes=indexes):
        work(run)


def _verify(indexes: OpenIndexes, desk: vectors.VectorDesk, run: Run) -> None:
    indexing.verify_index(run, indexes=indexes)
    with indexing.damage_isolated(run, indexes=indexes):
        vectors.verify_vectors(run, desk=desk)


JOB_KINDS = (
    JobKind(
        name=followings.FOLLOWING_JOB,
        title="Applies the policies that are followed as they are now, or tells why it does not.",
        permission="policy.apply",
        work=lambda grove, run: followings.follow_policies(run, tools=grove.following_tools),
        settle=followings.settle_following,
    ),
    JobKind(
        name=mirrors.SyncArguments.kind,
        arguments=mirrors.SyncArguments,
        title="Clones a repository, or fetches what is new.",
        permission="repository.sync",
        work=lambda grove, run: mirrors.sync_mirror(run, tools=grove.mirror_tools),
        settle=mirrors.settle_sync,
    ),
    JobKind(
        name=mirrors.MoveArguments.kind,
        arguments=mirrors.MoveArguments,
        title="Looks whether another address holds the same history, and has the repository fetched from there.",
        permission="repository.sync",
        work=lambda grove, run: mirrors.move_upstream(run, tools=grove.mirror_tools, forges=grove.sources.forges),
        settle=mirrors.settle_move,
    ),
    JobKind(
        name=grants.CHECK_JOB,
        title="Asks the forge of a repository whether it still lets us read it.",
        permission="repository.sync",
        work=lambda grove, run: grants.check_access(run, tools=grove.mirror_tools.checks),
    ),
    JobKind(
        name="snapshot.index",
        title="Publishes a snapshot of each tracked branch that has moved.",
        permission="repository.sync",
        work=lambda grove, run: _undamaged(
            grove.indexes, run, partial(indexing.index_repository, tools=grove.index_tools)
        ),
        settle=indexing.settle_index,
    ),
    JobKind(
        name=indexing.HISTORY_JOB,
        title="Indexes the past of a repository, as its policy says.",
        permission="repository.sync",
        work=lambda grove, run: _undamaged(
            grove.indexes, run, partial(indexing.index_history, tools=grove.history_tools)
        ),
        is_background=True,
    ),
    JobKind(
        name=scip.MAKING_JOB,
        title="Has installed indexers make SCIP indexes of a repository's default branch.",
        permission="repository.sync",
        work=lambda grove, run: scip.make_indexes(run, tools=grove.making_tools),
        is_background=True,
    ),
    JobKind(
        name="repository.cool",
        title="Drops the index of a repository that has become cold.",
        permission="repository.archive",
        work=lambda grove, run: _undamaged(grove.indexes, run, partial(indexing.drop_index, tools=grove.removal_tools)),
        is_background=True,
    ),
    JobKind(
        name=retention.APPLY_JOB,
        title="Gives notice of idle repositories, and lets them become cold or removes them, as the policy says.",
        permission="retention.apply",
        work=lambda grove, run: retention.apply_retention(run, tools=grove.mirror_tools),
        settle=retention.settle_retention,
        is_background=True,
    ),
    JobKind(
        name="repository.remove",
        title="Removes a repository with its mirror, snapshots, index and credential.",
        permission="repository.remove",
        work=lambda grove, run: _undamaged(
            grove.indexes, run, partial(indexing.remove_everything, tools=grove.removal_tools)
        ),
    ),
    JobKind(
        name="index.merge",
        title="Folds small segments into larger ones, and drops what no snapshot uses.",
        permission="repository.sync",
        work=lambda grove, run: _undamaged(grove.indexes, run, partial(indexing.merge_index, indexes=grove.indexes)),
        is_background=True,
    ),
    JobKind(
        name=vectors.EmbedArguments.kind,
        arguments=vectors.EmbedArguments,
        title="Makes the vectors that the chosen model has not made yet, and fills the vector store.",
        permission="repository.sync",
        work=lambda grove, run: _undamaged(grove.indexes, run, partial(vectors.embed_index, desk=grove.vectors)),
        is_background=True,
    ),
    JobKind(
        name="index.verify",
        title="Reads an index and its vectors whole, to find damage before a reader does.",
        permission="index.verify",
        work=lambda grove, run: _verify(grove.indexes, grove.vectors, run),
        is_background=True,
    ),
    JobKind(
        name="index.rebuild",
        title="Builds the index of a repository anew from its mirror.",
        permission="index.rebuild",
        work=lambda grove, run: indexing.rebuild_index(run, tools=grove.index_tools),
        settle=indexing.settle_index,
    ),
    JobKind(
        name=checkouts.TRASH_JOB,
        title="Removes from the disk the checkouts that were given up.",
        permission="workspace.create",
        work=lambda grove, run: checkouts.remove_checkouts(run, desk=grove.checkouts, rescue=grove.keeping.rescue),
        is_background=True,
    ),
    JobKind(
        name=promotions.FOLLOW_JOB,
        title="Asks the forge how the open pull requests of a repository are.",
        permission="repository.sync",
        work=lambda grove, run: grove.promotions.follow(run),
        is_background=True,
    ),
    JobKind(
        name=checkouts.WARM_JOB,
        title="Lays the files of a repository out in a folder before anybody wants them.",
        permission="workspace.create",
        work=lambda grove, run: checkouts.warm_checkouts(run, desk=grove.checkouts),
        is_background=True,
    ),
    JobKind(
        name=workspaces.KEEP_UP_JOB,
        title="Moves workspaces forward, ends those that nobody uses, and lets go those that ended long ago.",
        permission="repository.sync",
        work=lambda grove, run: grove.keeping.keep_up(run),
        is_background=True,
    ),
    JobKind(
        name="export.write",
        title="Writes every place that answers a question to a file.",
        permission="export.create",
        work=lambda grove, run: exports.write_export(run, tools=grove.export_tools),
    ),
)
"""Every kind of background work."""
