"""Where entry points bring their questions about names and places in code."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from grove.kit.gate import Actor
from grove.languages import StructureParser, language_of
from grove.navigation.answering import find_callees, find_callers, find_definitions, find_references
from grove.navigation.errors import NameInvalid
from grove.navigation.file_finding import find_files
from grove.navigation.ground import Ground
from grove.navigation.model import (
    Callees,
    Callers,
    Definitions,
    FoundFiles,
    Outline,
    References,
    SimilarCode,
    Source,
    Wanted,
    repositories_shown,
)
from grove.navigation.outlining import outline_of
from grove.navigation.precise import tables_of
from grove.navigation.similar import extract_of, find_similar
from grove.repositories import get_repository, list_visible
from grove.scip import ScipDesk, ScipIndex, newest_first
from grove.search import Corpus, Desk, FileContent, Limits, Question
from grove.usage import Act, Use
from grove.workspaces import WorkspaceDesk, open_workspace

NAME_CHARACTERS_MAX: Final = 256
INDEXES_MAX: Final = 32
SNIFFED_BYTES: Final = 512

Found = TypeVar("Found", Definitions, References, Callers, Callees, FoundFiles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigator:
    """Answers questions about names and places in code, each in the name of an actor."""

    desk: Desk
    parser: StructureParser
    scip: ScipDesk
    workspaces: WorkspaceDesk
    limits: Limits = field(default_factory=Limits)

    def outline(self, actor: Actor, *, repository: str, path: str, revision: str = "") -> Outline:
        """What a file defines, at any commit that the mirror has.

        :raises Denied: if `actor` may not read it.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises PathMissing: if there is no such file.
        :raises NotText: if it is binary.
        """
        content = self.desk.read_file(actor, repository=repository, path=path, revision=revision)
        return outline_of(content, parser=self.parser)

    def outline_in_workspace(self, actor: Actor, *, workspace: str, path: str) -> Outline:
        """What a file of a workspace defines as it is now; the commit is the workspace's last one.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNotFound: if there is none.
        :raises WorkspaceEnded: if it has ended.
        :raises PathMissing: if there is no such file.
        :raises NotText: if it is binary.
        """
        with self.desk.database.reading() as tx:
            seen = open_workspace(tx, actor=actor, name=workspace, changing=False)
            repository = get_repository(tx, actor=actor, repository_id=seen.repository_id)
        file = self.workspaces.read(actor, seen.id, path=path)
        content = FileContent(
            repository=repository.name,
            repository_id=repository.id,
            commit=seen.head,
            path=file.path,
            oid=file.oid,
            size_bytes=len(file.content),
            content=file.content,
            language=language_of(file.path, file.content[:SNIFFED_BYTES]),
            binary=b"\0" in file.content,
        )
        return outline_of(content, parser=self.parser)

    def define(self, actor: Actor, wanted: Wanted) -> Definitions:
        """Where a name is defined, the likeliest first.

        :raises Denied: if `actor` may not search.
        :raises NameInvalid: if it is no name.
        """
        return self._answered(find_definitions, actor, wanted)

    def references(self, actor: Actor, wanted: Wanted) -> References:
        """Where a name is used, what is closest to its definitions first.

        :raises Denied: if `actor` may not search.
        :raises NameInvalid: if it is no name.
        """
        return self._answered(find_references, actor, wanted)

    def callers(self, actor: Actor, wanted: Wanted) -> Callers:
        """Which definitions use a name, what is closest to its definitions first.

        :raises Denied: if `actor` may not search.
        :raises NameInvalid: if it is no name.
        """
        return self._answered(find_callers, actor, wanted)

    def callees(self, actor: Actor, wanted: Wanted) -> Callees:
        """What the likeliest definition of a name calls, in the order of its lines.

        :raises Denied: if `actor` may not search.
        :raises NameInvalid: if it is no name.
        """
        return self._answered(find_callees, actor, wanted)

    def find_files(self, actor: Actor, wanted: Wanted) -> FoundFiles:
        """The files whose paths hold the characters of a pattern in their order, the best first.

        :raises Denied: if `actor` may not search.
        :raises NameInvalid: if it is no pattern.
        """
        return self._answered(find_files, actor, wanted)

    def _answered(self, find: Callable[..., Found], actor: Actor, wanted: Wanted) -> Found:
        def answered() -> tuple[Corpus, Found]:
            ground = self._ground(actor, wanted)
            return ground.corpus, find(wanted, ground=ground)

        corpus, found = self.desk.answered(actor, answered)
        self.desk.tell_shown(corpus, repositories_shown(found))
        return found

    def find_similar(self, actor: Actor, source: Source, wanted: Wanted) -> SimilarCode:
        """The places that are most like some lines of a file, the most alike first; `wanted.name` does not matter.

        :raises Denied: if `actor` may not read the file, or may not search.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such revision.
        :raises PathMissing: if there is no such file.
        :raises NotText: if it is binary.
        :raises RangeInvalid: if it has no such lines, or there are too many of them or too little in them to compare.
        """
        content = self.desk.read_file(actor, repository=source.repository, path=source.path, revision=source.revision)
        extract = extract_of(content, first_line=source.first_line, last_line=source.last_line)
        ground = self._open(actor, wanted)
        found = find_similar(extract, wanted, ground=ground)
        self.desk.tell_shown(ground.corpus, repositories_shown(found))
        return found

    def _ground(self, actor: Actor, wanted: Wanted) -> Ground:
        name = wanted.name
        if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable() or name != name.strip():
            raise NameInvalid(name=name[:NAME_CHARACTERS_MAX])
        return self._open(actor, wanted)

    def _open(self, actor: Actor, wanted: Wanted) -> Ground:
        question = Question(
            text="",
            repositories=wanted.repositories,
            revisions=wanted.revisions,
            paths=wanted.paths,
            languages=wanted.languages,
            workspaces=wanted.workspaces,
        )
        corpus = self.desk.corpus(actor, question)
        named = corpus.targets if wanted.repositories else ()
        uses = {Use(repository_id=target.repository_id, branch=target.revision) for target in named}
        self.desk.count(actor, Act.NAVIGATE, uses)
        indexes = self._indexes(actor, corpus)
        ground = Ground(
            question,
            corpus,
            parser=self.parser,
            limits=self.limits,
            tables=tables_of(indexes[:INDEXES_MAX], scip=self.scip),
        )
        if len(indexes) > INDEXES_MAX:
            ground.progress.hit("indexes_max")
        return ground

    def _indexes(self, actor: Actor, corpus: Corpus) -> list[ScipIndex]:
        """The uploaded indexes that may tell which symbol is meant: of the commits that are looked at, then of others.

        Of a repository that is not looked at the newest counts: it may define what is used where is looked.
        """
        commits = {target.commit for target in corpus.targets}
        with self.desk.database.reading() as tx:
            visible = [repository.id for repository in list_visible(tx, actor=actor)]
            indexes = newest_first(tx, tenant_id=actor.tenant_id, repositories=visible)
        newest = {index.repository_id: index for index in reversed(indexes)}
        exact = [index for index in indexes if index.commit in commits]
        return [*exact, *(index for index in newest.values() if index not in exact)]
