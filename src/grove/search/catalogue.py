"""Which commits of which repositories a question is about, among those that the actor may read."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from grove.indexing import IndexDamagedOften
from grove.kit.gate import Actor, Selection
from grove.kit.transactions import Transaction
from grove.mirrors import refs_named
from grove.repositories import Access, Approval, Clone, Index, Lifecycle, Repository, select_visible
from grove.search.corpus import Draft, Resolution, Severity, Skipped, Sought, Target
from grove.search.question import Admits, Plan
from grove.snapshots import Head, commits_of, damaged_among, list_heads

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_DEFAULT = {"HEAD", ""}
_BEFORE_DAMAGE = {"failed", "needs_approval", "rejected", "revoked", "archived", "cold", "access_refused"}
"""Reasons that tell more of why a repository is not searched than that its index is damaged."""
_PREFIXES = ("refs/heads/", "refs/tags/", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryCatalogue:
    """The repositories of one actor as the registry has them, read in one transaction."""

    tx: Transaction
    repositories: Sequence[Repository]
    selection: Selection
    heads: Mapping[str, Sequence[Head]]
    damaged: Collection[str] = ()

    @classmethod
    def read(cls, tx: Transaction, *, actor: Actor) -> "RegistryCatalogue":
        """Read what `actor` may search.

        :raises Denied: if it may not search at all.
        """
        repositories, selection = select_visible(tx, actor=actor)
        heads: dict[str, list[Head]] = {}
        for head in list_heads(tx, repositories=[repository.id for repository in repositories]):
            heads.setdefault(head.repository_id, []).append(head)
        damaged = damaged_among(tx, tenant_id=actor.tenant_id)
        return cls(tx=tx, repositories=repositories, selection=selection, heads=heads, damaged=damaged)

    def resolve_drafts(
        self, plan: Plan, drafts: Sequence[Draft], *, within: Sequence[Plan] | None = None
    ) -> Resolution:
        """The workspaces to search, as they are now, instead of commits."""
        sought: list[Sought] = []
        skipped: list[Skipped] = []
        repositories = {repository.id: repository for repository in self.repositories}
        for draft in drafts:
            repository = repositories.get(draft.repository_id)
            is_within = repository is not None and any(_admits(each, repository) for each in within or (plan,))
            if repository is None or not is_within or not _admits(plan, repository):
                skipped.append(_nothing_chosen(kept=len(self.repositories)))
            elif not repository.is_served:
                reason, message = _state(repository)
                skipped.append(Skipped(reason=reason, title=repository.name, message=message))
            else:
                sought.append(self._draft(repository, draft))
        return Resolution(targets=(), skipped=tuple(skipped), sought=tuple(sought))

    def _draft(self, repository: Repository, draft: Draft) -> Sought:
        heads = [head.snapshot for head in self.heads.get(repository.id, ())]
        base = commits_of(self.tx, repositories=[repository.id]).get(repository.id, {}).get(draft.base)
        like = tuple(dict.fromkeys((*([base] if base else []), *heads)))
        return Sought(
            repository=repository,
            revision=draft.branch,
            name=draft.tree,
            near=frozenset(like),
            draft=draft,
            like=like,
        )

    def resolve(self, plan: Plan, *, within: Sequence[Plan] | None = None) -> Resolution:
        """The commits to search, and what cannot be searched, with the reason.

        `within` are the entries of contexts: only what one of them admits is searched, at its revisions unless the plan
        names some.
        """
        targets: list[Target] = []
        sought: list[Sought] = []
        skipped: list[Skipped] = []
        chosen: list[Repository] = []
        revisions: dict[str, tuple[str, ...]] = {}
        for repository in self.repositories:
            entries = [each for each in within or (plan,) if _admits(each, repository)]
            if entries and _admits(plan, repository):
                chosen.append(repository)
                revisions[repository.id] = _revisions(plan, entries, repository.name)
        names = _Names.read(self.tx, chosen, {name for each in revisions.values() for name in each}, moment=plan.moment)
        for repository in chosen:
            heads = self.heads.get(repository.id, ())
            is_wanted = plan.archived is Admits.ONLY or repository.lifecycle is Lifecycle.ACTIVE
            is_damaged = repository.id in self.damaged
            reason = _unsearchable(repository, heads, is_wanted=is_wanted, is_damaged=is_damaged)
            if reason is not None:
                skipped.append(reason)
                continue
            meant = [each for name in revisions[repository.id] for each in names.meant(repository, heads, name)]
            found = {each.commit: each for each in reversed(meant) if isinstance(each, Target)}
            targets += reversed(found.values())
            sought += [each for each in meant if isinstance(each, Sought)]
        if not chosen:
            skipped.append(_nothing_chosen(kept=len(self.repositories)))
        return Resolution(targets=tuple(targets), skipped=tuple(skipped), sought=tuple(sought))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What the revisions of one question may mean: refs and snapshots by repository, read once for all of them."""

    refs: Mapping[str, Mapping[str, str]]
    snapshots: Mapping[str, Mapping[str, str]]
    moment: datetime | None = None
    """When given, each name means what it was then."""

    @classmethod
    def read(
        cls,
        tx: Transaction,
        repositories: Sequence[Repository],
        revisions: Collection[str],
        *,
        moment: datetime | None = None,
    ) -> "_Names":
        """Read what is needed for some revisions: nothing when none is named."""
        ids = [repository.id for repository in repositories]
        named = [revision for revision in revisions if revision not in _DEFAULT]
        if not named:
            return cls(refs={}, snapshots={}, moment=moment)
        every = any(map(_is_glob, named))
        names = None if every else {prefix + name for name in named for prefix in _PREFIXES}
        refs = refs_named(tx, repositories=ids, names=names)
        return cls(refs=refs, snapshots=commits_of(tx, repositories=ids), moment=moment)

    def meant(self, repository: Repository, heads: Sequence[Head], revision: str) -> list[Target | Sought]:
        """What a revision means in a repository: commits that have a snapshot, and those that git may have."""
        wanted = repository.default_branch or "" if revision in _DEFAULT else revision
        near = frozenset(head.snapshot for head in heads)
        found: dict[str, Target | Sought] = {
            head.branch: self._then(repository, head, near) for head in heads if _matches(head.branch, wanted)
        }
        snapshots = self.snapshots.get(repository.id, {})
        for ref, name in self.refs.get(repository.id, {}).items():
            branch = _short(ref)
            if branch not in found and (ref == wanted or _matches(branch, wanted)):
                found[branch] = self._at(repository, branch, name, near)
        if found or not _COMMIT.fullmatch(wanted):
            return list(found.values()) or [Sought(repository=repository, revision=revision, name="")]
        known = [commit for commit in snapshots if commit.startswith(wanted)]
        return [self._at(repository, wanted, known[0] if len(known) == 1 else wanted, near)]

    def _then(self, repository: Repository, head: Head, near: frozenset[str]) -> Target | Sought:
        if self.moment is None:
            return _target(repository, head.branch, head.commit, head.snapshot)
        return self._at(repository, head.branch, head.commit, near)

    def _at(self, repository: Repository, revision: str, name: str, near: frozenset[str]) -> Target | Sought:
        snapshot = self.snapshots.get(repository.id, {}).get(name)
        if snapshot is not None and self.moment is None:
            return _target(repository, revision, name, snapshot)
        return Sought(repository=repository, revision=revision, name=name, moment=self.moment, near=near)


def _admits(plan: Plan, repository: Repository) -> bool:
    return plan.admits_repository(repository.name, archived=_is_archived(repository), fork=repository.fork)


def _revisions(plan: Plan, entries: Sequence[Plan], name: str) -> tuple[str, ...]:
    of_entries = [revision for entry in entries for revision in entry.revisions_of(name) or ("",)]
    return plan.revisions_of(name) or tuple(dict.fromkeys(of_entries))


def _nothing_chosen(*, kept: int) -> Skipped:
    if kept:
        return Skipped(
            reason="repository_unknown", title="repositories", message="none fits what the query says of them"
        )
    return Skipped(reason="no_repository", title="repositories", message="there is none yet; grove add URL")


def _is_glob(revision: str) -> bool:
    return any(sign in revision for sign in "*?[")


def _matches(branch: str, wanted: str) -> bool:
    name = wanted.removeprefix("refs/heads/")
    return branch == name or (_is_glob(name) and fnmatchcase(branch, name))


def _short(ref: str) -> str:
    """A branch's or tag's name without what all branches or tags begin with."""
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


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


def _is_archived(repository: Repository) -> bool:
    """Whether its forge or somebody here has put it aside."""
    return repository.archived or repository.lifecycle is Lifecycle.ARCHIVED


def _unsearchable(
    repository: Repository, heads: Sequence[Head], *, is_wanted: bool, is_damaged: bool
) -> Skipped | None:
    """Why a repository cannot be searched, if it cannot."""
    if repository.is_served and is_wanted and heads:
        return None
    reason, message = _state(repository)
    if is_damaged and reason not in _BEFORE_DAMAGE:
        reason, message = _damage(repository)
    severity = Severity.INFO if reason in {"empty", "archived", "cold"} else Severity.WARNING
    return Skipped(
        reason=reason, title=repository.name, message=message, severity=severity, repository_id=repository.id
    )


_APPROVALS = {
    Approval.PENDING: ("needs_approval", "it needs approval"),
    Approval.REJECTED: ("rejected", "its request was rejected"),
    Approval.REVOKED: ("revoked", "its approval was revoked"),
}

_ASIDE = {
    Lifecycle.ARCHIVED: ("archived", "it is archived; archived:only searches it"),
    Lifecycle.COLD: ("cold", "it is cold; to search it alone warms it up"),
}


def _state(repository: Repository) -> tuple[str, str]:
    if repository.approval in _APPROVALS:
        return _APPROVALS[repository.approval]
    if repository.access is Access.REFUSED:
        return "access_refused", "its forge does not let us read it; grove repo access says more"
    if repository.lifecycle in _ASIDE:
        return _ASIDE[repository.lifecycle]
    if Clone.FAILED is repository.clone or Index.FAILED is repository.index:
        problem = (repository.problem or {}).get("message", "it failed")
        return "failed", str(problem)
    if repository.index is Index.READY:
        return "empty", "it is empty"
    return "not_indexed_yet", "it is not indexed yet"


def _damage(repository: Repository) -> tuple[str, str]:
    if (repository.problem or {}).get("code") == IndexDamagedOften.code:
        return "damaged", IndexDamagedOften().message
    return "being_repaired", "a part of its index was damaged and is being built again"
