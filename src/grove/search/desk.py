"""Where entry points bring their questions.

Permission and revisions are settled in a transaction; the search itself needs none.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import TypeVar

from grove.indexing import UNUSABLE, IndexMissing, OpenIndexes, isolate_damage
from grove.kit.errors import GroveError
from grove.kit.gate import Actor
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.repositories import Repository, find_repository, resource_of
from grove.search.answer import Answer
from grove.search.catalogue import RegistryCatalogue
from grove.search.commits import CommitFinder
from grove.search.contexts import plans_within
from grove.search.corpus import Corpus, Drafts, Limits
from grove.search.engine import search, search_stream
from grove.search.linking import Link, LinkRequest, link_lines
from grove.search.planning import plan_of
from grove.search.question import Question
from grove.search.reading import FileContent, Tree, TreeRequest, read_file, read_tree
from grove.search.streaming import Done, Matches, SearchEvent
from grove.search.tracing import (
    Blame,
    BlameRequest,
    Difference,
    DiffRequest,
    FileLog,
    blame_file,
    diff_revisions,
    log_file,
)
from grove.snapshots import generation_of, histories_of
from grove.usage import Act, UsageMeter, Use
from grove.vectors import VectorDesk

OPEN_ATTEMPTS_MAX = 3
DAMAGE_ATTEMPTS_MAX = 3
COLD_WANTED_MAX = 5
"""So many cold repositories are warmed up by one question at most."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Answers questions about code, each in the name of an actor."""

    database: Database
    indexes: OpenIndexes
    mirrors: MirrorReader
    commits: CommitFinder
    drafts: Drafts
    vectors: VectorDesk
    usage: UsageMeter
    hold_queries: Callable[[Transaction, Actor, datetime], None]
    """Raises when an actor has searched as often today as may be."""
    limits: Limits = field(default_factory=Limits)

    def run(self, actor: Actor, question: Question) -> Answer:
        """The files that answer a question.

        :raises Denied: if `actor` may not search.
        :raises QueryInvalid: if the question cannot be understood; its siblings say what else is wrong with it.
        """

        def searched() -> tuple[Corpus, Answer]:
            corpus = self.corpus(actor, question)
            return corpus, search(question, corpus, limits=self.limits)

        corpus, answer = self.answered(actor, searched)
        uses = uses_of(answer)
        self.count(actor, Act.SEARCH, uses)
        self.tell_shown(corpus, {use.repository_id for use in uses})
        return answer

    def stream(self, actor: Actor, question: Question) -> Iterator[SearchEvent]:
        """The same, told piece by piece.

        :raises Denied: if `actor` may not search.
        :raises QueryInvalid: if the question cannot be understood; its siblings say what else is wrong with it.
        """

        def begun() -> tuple[Corpus, Iterator[SearchEvent]]:
            corpus = self.corpus(actor, question)
            events = iter(search_stream(question, corpus, limits=self.limits))
            return corpus, chain([next(events)], events)

        corpus, events = self.answered(actor, begun)
        return self._watched(actor, corpus, events)

    def answered(self, actor: Actor, answer: Callable[[], Found]) -> Found:
        """What `answer` gives; if it comes upon damage that is taken out of service, and the question asked again.

        :raises IndexCorrupt: if damage is found again and again.
        """
        for _ in range(DAMAGE_ATTEMPTS_MAX):
            try:
                return answer()
            except UNUSABLE as damage:
                if not self._isolate(actor, damage):
                    raise
        return answer()

    def read_file(self, actor: Actor, *, repository: str, path: str, revision: str = "") -> FileContent:
        """A file at any commit that the mirror has.

        :raises Denied: if `actor` may not read it.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises PathMissing: if there is no such file.
        """
        return read_file(self.mirrors, self._readable(actor, repository, revision), path=path, revision=revision)

    def list_tree(self, actor: Actor, *, repository: str, request: TreeRequest) -> Tree:
        """A folder at any commit that the mirror has.

        :raises Denied: if `actor` may not read it.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises PathMissing: if there is no such folder.
        """
        return read_tree(self.mirrors, self._readable(actor, repository, request.revision), request)

    def link(self, actor: Actor, *, repository: str, request: LinkRequest) -> Link:
        """Where its forge shows lines of a file, as they are in one commit for ever.

        :raises Denied: if `actor` may not read it.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises PathMissing: if there is no such file.
        :raises NotOnTheWeb: if no forge is known to show it.
        """
        return link_lines(self.mirrors, self._readable(actor, repository, request.revision), request)

    def log_file(self, actor: Actor, *, repository: str, path: str, revision: str = "", limit: int = 50) -> FileLog:
        """The commits that changed a file, newest first, through its renames.

        :raises Denied: if `actor` may not read it.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises PathMissing: if there is no such path.
        """
        return log_file(
            self.mirrors, self._readable(actor, repository, revision), path=path, revision=revision, limit=limit
        )

    def blame_file(self, actor: Actor, *, repository: str, request: BlameRequest) -> Blame:
        """Which commit each line of a file is from.

        :raises Denied: if `actor` may not read it.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises PathMissing: if there is no such file, or it has no such lines.
        """
        return blame_file(self.mirrors, self._readable(actor, repository, request.revision), request)

    def diff(self, actor: Actor, *, repository: str, request: DiffRequest) -> Difference:
        """How two revisions differ.

        :raises Denied: if `actor` may not read it.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises RepositoryTooLarge: if the patches are too long; ask for fewer files, or a path.
        """
        return diff_revisions(self.mirrors, self._readable(actor, repository, request.after), request)

    def corpus(self, actor: Actor, question: Question) -> Corpus:
        """What of the index a question may look at.

        :raises Denied: if `actor` may not search.
        :raises QueriesUsedUp: if `actor`, or the tenant, has searched as often today as may be.
        :raises QueryInvalid: if the question cannot be understood; its siblings say what else is wrong with it.
        """
        plan = plan_of(question)

        def settle(tx: Transaction) -> Callable[[], Corpus]:
            catalogue = RegistryCatalogue.read(tx, actor=actor)
            self.hold_queries(tx, actor, datetime.now(UTC))
            within = plans_within(tx, actor=actor, names=plan.contexts)
            if plan.workspaces:
                drafts = [self.drafts(tx, actor=actor, name=name) for name in plan.workspaces]
                resolution = catalogue.resolve_drafts(plan, drafts, within=within)
            else:
                resolution = catalogue.resolve(plan, within=within)
            generation = generation_of(tx, tenant_id=actor.tenant_id)
            meaning = self.vectors.meaning(tx, tenant_id=actor.tenant_id)
            ids = {target.repository_id for target in resolution.targets}
            ids |= {wanted.repository.id for wanted in resolution.sought}
            past = histories_of(tx, repositories=ids) if plan.history is not None else {}

            def opened() -> Corpus:
                began = time.monotonic()
                view = self.indexes.view(actor.tenant_id, generation)
                histories = self.indexes.store(actor.tenant_id).histories
                found = self.commits.find(resolution, view=view, generation=generation.number)
                return Corpus(
                    view=found.view,
                    targets=found.targets,
                    generation=generation.number,
                    skipped=(*resolution.skipped, *found.skipped),
                    meaning=meaning,
                    opening_seconds=time.monotonic() - began,
                    histories={each: histories.open(found.record.name) for each, found in past.items()},
                    selection=catalogue.selection,
                )

            return opened

        for _ in range(OPEN_ATTEMPTS_MAX - 1):
            try:
                return self._opened(settle)
            except IndexMissing:
                continue  # a newer generation has come, and what we were about to open is gone: look again
        return self._opened(settle)

    def count(self, actor: Actor, act: Act, uses: Iterable[Use]) -> None:
        """Count what `actor` did, and the repositories that it showed something of."""
        self.usage.count(actor, act, uses, now=datetime.now(UTC))

    def tell_shown(self, corpus: Corpus, repository_ids: Collection[str]) -> None:
        """Have it counted by which policies an answer from a corpus showed something of these repositories."""
        if corpus.selection is not None and repository_ids:
            self.database.count(list(corpus.selection.consents(repository_ids)))

    def _watched(self, actor: Actor, corpus: Corpus, events: Iterator[SearchEvent]) -> Iterator[SearchEvent]:
        """The events; damage found after the first is told to who asks, and the next question will not meet it."""
        uses: set[Use] = set()
        try:
            for event in events:
                uses |= uses_of(event)
                yield event
        except UNUSABLE as damage:
            self._isolate(actor, damage)
            raise
        finally:
            self.count(actor, Act.SEARCH, uses)
            self.tell_shown(corpus, {use.repository_id for use in uses})

    def _isolate(self, actor: Actor, damage: GroveError) -> bool:
        return isolate_damage(
            self.database.transaction,
            indexes=self.indexes,
            tenant_id=actor.tenant_id,
            error=damage,
            now=datetime.now(UTC),
        )

    def _readable(self, actor: Actor, name: str, revision: str = "") -> Repository:
        with self.database.reading() as tx:
            repository = find_repository(tx, actor=actor, name=name)
            tx.require(actor, "file.read", resource_of(repository))
        use = Use(repository_id=repository.id, branch=revision or repository.default_branch or "")
        self.count(actor, Act.READ, [use])
        return repository

    def _opened(self, settle: Callable[[Transaction], Callable[[], Corpus]]) -> Corpus:
        with self.database.reading() as tx:
            open_corpus = settle(tx)
        return open_corpus()


def uses_of(answer: Answer | SearchEvent) -> set[Use]:
    """The repositories and branches that an answer shows something of; and cold ones, if it was about nothing else."""
    if isinstance(answer, Answer | Matches):
        shown = {Use(repository_id=file.address.repository_id, branch=file.address.revision) for file in answer.files}
        shown |= {Use(repository_id=each.repository_id, branch=each.revision) for each in answer.repositories}
        shown |= {Use(repository_id=commit.repository_id) for commit in answer.commits}
    else:
        shown = set()
    if isinstance(answer, Answer | Done) and not answer.truth.searched:
        cold = [skipped.repository_id for skipped in answer.truth.skipped if skipped.reason == "cold"]
        shown |= {Use(repository_id=each) for each in cold[:COLD_WANTED_MAX]}
    return shown
