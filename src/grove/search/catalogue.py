"""Which commits of which repositories a question is about, among those that the actor may read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.mirrors import refs_of
from grove.repositories import Approval, Clone, Index, Repository, list_visible
from grove.search.corpus import Resolution, Severity, Skipped, Target
from grove.search.question import Plan
from grove.snapshots import Head, known_commits, list_heads

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_DEFAULT = {"HEAD", ""}
_PREFIXES = ("refs/heads/", "refs/tags/", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryCatalogue:
    """The repositories of one actor as the registry has them, read in one transaction."""

    tx: Transaction
    repositories: Sequence[Repository]
    heads: Mapping[str, Sequence[Head]]

    @classmethod
    def read(cls, tx: Transaction, *, actor: Actor) -> "RegistryCatalogue":
        """Read what `actor` may search.

        :raises Denied: if it may not search at all.
        """
        repositories = list_visible(tx, actor=actor)
        heads: dict[str, list[Head]] = {}
        for head in list_heads(tx, repositories=[repository.id for repository in repositories]):
            heads.setdefault(head.repository_id, []).append(head)
        return cls(tx=tx, repositories=repositories, heads=heads)

    def resolve(self, plan: Plan) -> Resolution:
        """The commits to search, and what cannot be searched, with the reason."""
        targets: list[Target] = []
        skipped: list[Skipped] = []
        chosen = [repository for repository in self.repositories if plan.admits_repository(repository.name)]
        for repository in chosen:
            reason = _unsearchable(repository, self.heads.get(repository.id, ()))
            if reason is not None:
                skipped.append(reason)
            else:
                targets += self._targets(repository, plan.revisions)
        if not chosen:
            skipped.append(_nothing_chosen(kept=len(self.repositories)))
        skipped += self._unknown(chosen, targets, plan.revisions)
        return Resolution(targets=tuple(targets), skipped=tuple(skipped))

    def _targets(self, repository: Repository, revisions: Sequence[str]) -> list[Target]:
        found: dict[str, Target] = {}
        for revision in revisions or ("",):
            for name, commit, snapshot in self._named(repository, revision):
                found.setdefault(commit, _target(repository, name, commit, snapshot))
        return list(found.values())

    def _named(self, repository: Repository, revision: str) -> list[tuple[str, str, str]]:
        """The (name, commit, snapshot) of what a revision means in a repository, as far as it is indexed."""
        heads = self.heads.get(repository.id, ())
        wanted = repository.default_branch or "" if revision in _DEFAULT else revision
        named = [head for head in heads if _matches(head.branch, wanted)]
        if named:
            return [(head.branch, head.commit, head.snapshot) for head in named]
        known = known_commits(self.tx, repository_id=repository.id)
        refs = refs_of(self.tx, repository_id=repository.id)
        commits = {refs[prefix + wanted] for prefix in _PREFIXES if prefix + wanted in refs}
        if _COMMIT.fullmatch(wanted):
            commits |= {commit for commit in known if commit.startswith(wanted)}
        return [(wanted, commit, known[commit]) for commit in sorted(commits) if commit in known]

    def _unknown(
        self, repositories: Sequence[Repository], targets: Sequence[Target], revisions: Sequence[str]
    ) -> list[Skipped]:
        """Revisions that were asked for by name and are indexed in no repository."""
        severity = Severity.WARNING if targets else Severity.ERROR
        return [
            Skipped(
                reason="revision_not_indexed",
                title=revision,
                message="no branch, tag or commit of that name is indexed",
                severity=severity,
            )
            for revision in revisions
            if not any(self._named(repository, revision) for repository in repositories)
        ]


def _nothing_chosen(*, kept: int) -> Skipped:
    if kept:
        return Skipped(reason="repository_unknown", title="repositories", message="none has such a name")
    return Skipped(reason="no_repository", title="repositories", message="there is none yet; grove add URL")


def _matches(branch: str, wanted: str) -> bool:
    name = wanted.removeprefix("refs/heads/")
    return branch == name or (any(sign in name for sign in "*?[") and fnmatchcase(branch, name))


def _target(repository: Repository, name: str, commit: str, snapshot: str) -> Target:
    is_default = name == repository.default_branch
    return Target(
        repository_id=repository.id,
        name=repository.name,
        revision=name,
        snapshot=snapshot,
        commit=commit,
        is_default_revision=is_default,
        stale=is_default and repository.head_commit is not None and repository.head_commit != commit,
    )


def _unsearchable(repository: Repository, heads: Sequence[Head]) -> Skipped | None:
    """Why a repository cannot be searched, if it cannot."""
    if heads:
        return None
    reason, message = _state(repository)
    severity = Severity.INFO if reason == "empty" else Severity.WARNING
    return Skipped(reason=reason, title=repository.name, message=message, severity=severity)


def _state(repository: Repository) -> tuple[str, str]:
    if repository.approval is Approval.PENDING:
        return "needs_approval", "it needs approval"
    if repository.approval is Approval.REJECTED:
        return "rejected", "its request was rejected"
    if Clone.FAILED is repository.clone or Index.FAILED is repository.index:
        problem = (repository.problem or {}).get("message", "it failed")
        return "failed", str(problem)
    if repository.index is Index.READY:
        return "empty", "it is empty"
    return "not_indexed_yet", "it is not indexed yet"
