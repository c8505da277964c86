"""`open_workspace`, `workspace_status`, `edit_workspace` and `change_workspace`, and reading in a workspace."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from grove.git import EntryKind
from grove.languages import language_of
from grove.mcp.arguments import ListTree, ReadFile
from grove.mcp.budget import Level, fit
from grove.mcp.calls import Caller, Reply, joined
from grove.mcp.places import COMMIT_DIGITS
from grove.mcp.registry import repository_named
from grove.mcp.visible import visible, visible_line
from grove.mcp.workspace_arguments import ChangeWorkspace, EditItem, EditWorkspace, OpenWorkspace, WorkspaceStatus
from grove.search import FileContent, Tree, TreeItem
from grove.workspaces import (
    Branch,
    ChangedFile,
    Edit,
    EditKind,
    MergeConflicts,
    PatchRefused,
    Resolution,
    Stash,
    StashConflicts,
    Workspace,
)
from grove.workspaces import (
    WorkspaceStatus as Status,
)


def open_workspace(caller: Caller, arguments: OpenWorkspace) -> Reply:
    """Open a workspace of a repository.

    :raises GroveError: if it may not be, or its name is taken.
    """
    repository = repository_named(caller, arguments.repo).name
    made = caller.grove.workspaces.create(
        caller.actor, repository=repository, name=arguments.name, target=arguments.ref, now=caller.now
    )
    return Reply(lines=[_line(made)], truth=f"Open. Read it by read_file(workspace={visible(made.name)!r}, path=...).")


def workspace_status(caller: Caller, arguments: WorkspaceStatus) -> Reply:
    """The caller's workspaces, or what is changed in one of them, or its commits.

    :raises GroveError: if there is no such workspace, or its differences are too large.
    """
    if not arguments.name:
        found = caller.grove.workspaces.owned(caller.actor)
        standings = caller.grove.keeping.standings(caller.actor, found)
        lines = [
            joined(f"{_line(each)}  {stands.state}, {stands.ahead} ahead, {stands.behind} behind", stands.advice)
            for each, stands in zip(found, standings, strict=True)
        ]
        return _fitted(lines, f"open workspaces: {len(found):,}", arguments.max_tokens)
    if arguments.view == "log":
        commits = caller.grove.workspaces.log(caller.actor, arguments.name, limit=arguments.limit)
        lines = [
            visible(
                f"{commit.oid[:COMMIT_DIGITS]}  {commit.committer.at.date().isoformat()}  {commit.author.name}  "
                + (commit.message.strip().splitlines() or [""])[0]
            )
            for commit in commits
        ]
        return _fitted(lines, f"the newest {len(commits):,} commits of {visible(arguments.name)}", arguments.max_tokens)
    if arguments.view == "stashes":
        lines = [_stash(each) for each in caller.grove.stashes.stashes(caller.actor, arguments.name)]
        return _fitted(lines, f"stashes of {visible(arguments.name)}: {len(lines):,}", arguments.max_tokens)
    if arguments.view == "branches":
        lines = [_branch(each) for each in caller.grove.branches.branches(caller.actor, arguments.name)]
        return _fitted(lines, f"branches of {visible(arguments.name)}: {len(lines):,}", arguments.max_tokens)
    is_diff = arguments.view == "diff"
    status = caller.grove.workspaces.status(
        caller.actor, arguments.name, patches=is_diff, since_base=arguments.since_base
    )
    truth = _standing(status)
    levels = [Level("paths", lambda: [_changed(change) for change in status.changes])]
    if is_diff:
        levels.insert(0, Level("patches", lambda: list(_patches(status.changes))))
    fitted = fit(levels, tokens_max=arguments.max_tokens, truth=truth)
    return Reply(lines=fitted.lines or ["(no changes)"], truth=joined(truth, fitted.note))


def edit_workspace(caller: Caller, arguments: EditWorkspace) -> Reply:
    """Change files: all of it, or nothing.

    :raises GroveError: if an edit cannot be made.
    """
    if arguments.patch:
        try:
            changed = caller.grove.patches.apply(
                caller.actor, arguments.name, patch=arguments.patch.encode(errors="replace"), now=caller.now
            )
        except PatchRefused as refused:
            return Reply(lines=list(_misfits(refused)), truth=f"NOT APPLIED, nothing changed. {refused.message}")
        return Reply(lines=[_line(changed)], truth="Applied. workspace_status(view='diff') shows it.")
    edits = [_edit(item) for item in arguments.edits]
    caller.grove.workspaces.edit(caller.actor, arguments.name, edits=edits, now=caller.now)
    there = dict.fromkeys(edit.target or edit.path for edit in edits if edit.kind is not EditKind.REMOVE)
    lines = [
        visible(f"{path}  oid={caller.grove.workspaces.read(caller.actor, arguments.name, path=path).oid}")
        for path in there
    ]
    return Reply(lines=lines or ["(removed)"], truth=f"Edits made: {len(edits):,}; give oid as expected for the next.")


def change_workspace(caller: Caller, arguments: ChangeWorkspace) -> Reply:
    """Commit, bring the mirror's branch in, put changes aside, end or restore.

    :raises GroveError: if it cannot be done as the workspace stands.
    """
    desk, actor, name = caller.grove.workspaces, caller.actor, arguments.name
    try:
        if arguments.action == "end":
            done = desk.end(actor, name, now=caller.now)
            return Reply(lines=[_line(done)], truth=f"Ended; change_workspace(name={done.id!r}, action='restore').")
        done = _done(caller, arguments)
    except (MergeConflicts, StashConflicts) as refused:
        return Reply(lines=list(_conflicts(refused)), truth=_after_conflicts(refused, arguments.action))
    return Reply(lines=[_line(done)], truth=_standing(desk.status(actor, done.id)))


def _done(caller: Caller, arguments: ChangeWorkspace) -> Workspace:
    grove, name, now = caller.grove, arguments.name, caller.now
    resolutions = [
        Resolution(path=each.path, take=each.take, content=each.text.encode(errors="replace"))
        for each in arguments.resolutions
    ]
    branch, upstream, stash = arguments.branch, arguments.upstream or None, arguments.stash
    acts: dict[str, Callable[[], Workspace]] = {
        "commit": lambda: grove.workspaces.commit_changes(caller.actor, name, message=arguments.message, now=now),
        "refresh": lambda: grove.workspaces.refresh(caller.actor, name, now=now),
        "merge": lambda: grove.merges.merge(caller.actor, name, resolutions=resolutions, upstream=upstream, now=now),
        "rebase": lambda: grove.merges.rebase(caller.actor, name, now=now),
        "stash": lambda: grove.stashes.save(caller.actor, name, message=arguments.message, now=now),
        "unstash": lambda: grove.stashes.apply(
            caller.actor, name, stash=stash, resolutions=resolutions, drop=True, now=now
        ),
        "branch": lambda: grove.branches.switch(caller.actor, name, branch=branch, creates=True, now=now),
        "switch": lambda: grove.branches.switch(caller.actor, name, branch=branch, now=now),
        "restore": lambda: grove.workspaces.restore(caller.actor, name, now=now),
    }
    return acts[arguments.action]()


def content_in_workspace(caller: Caller, arguments: ReadFile) -> tuple[FileContent, str]:
    """A file as it is in a workspace, and its id.

    :raises GroveError: if there is no such file.
    """
    name = arguments.workspace
    file = caller.grove.workspaces.read(caller.actor, name, path=arguments.path.removeprefix("/"))
    content = FileContent(
        repository=f"workspace {name}",
        repository_id="",
        commit="now",
        path=file.path,
        oid=file.oid,
        size_bytes=len(file.content),
        content=file.content,
        language=language_of(file.path, file.content[:512]),
        binary=b"\0" in file.content,
    )
    return content, file.oid


def tree_in_workspace(caller: Caller, arguments: ListTree) -> Tree:
    """A folder as it is in a workspace.

    :raises GroveError: if there is no such folder.
    """
    name, folder = arguments.workspace, arguments.path.strip("/")
    entries = caller.grove.workspaces.files(caller.actor, name, folder=folder)
    items = tuple(
        TreeItem(
            path=entry.path.decode(errors="backslashreplace"),
            kind=entry.kind,
            size_bytes=0 if entry.kind is EntryKind.FOLDER else entry.size_bytes,
            oid=entry.oid,
        )
        for entry in entries[: arguments.limit]
    )
    more = len(entries) > arguments.limit
    return Tree(repository=f"workspace {name}", repository_id="", commit="now", path=folder, items=items, more=more)


def _edit(item: EditItem) -> Edit:
    return Edit(
        kind=EditKind(item.action),
        path=item.path.removeprefix("/"),
        content=item.text.encode(errors="replace"),
        old=item.old.encode(errors="replace"),
        target=item.to.removeprefix("/"),
        expected=item.expected,
    )


def _line(workspace: Workspace) -> str:
    state = "" if workspace.ended_at is None else "  ended"
    return visible(
        f"{workspace.name}  branch {workspace.branch}  from {workspace.target}  "
        f"head {workspace.head[:COMMIT_DIGITS]}{state}  id {workspace.id}"
    )


def _branch(branch: Branch) -> str:
    mark = "*" if branch.is_current else " "
    words = f"from {branch.target}  head {branch.head[:COMMIT_DIGITS]}  {branch.ahead} ahead"
    return visible(f"{mark} {branch.name}  {words}")


def _stash(stash: Stash) -> str:
    commit = stash.commit
    return visible(f"{commit.oid[:COMMIT_DIGITS]}  on {stash.branch}  {commit.committer.at.date()}  {commit.subject}")


def _standing(status: Status) -> str:
    target = visible(status.workspace.target)
    behind = f"{status.ahead:,} ahead, {status.behind:,} behind {target}" if status.upstream else f"{target} has no tip"
    advice = "change_workspace(action='refresh') or merge" if status.is_stale else ""
    count = len(status.changes)
    return joined(f"{count:,} changed file{'s' if count != 1 else ''}", status.state, behind, advice)


def _changed(change: ChangedFile) -> str:
    was = f"  (was {change.old_path})" if change.old_path != change.path else ""
    return visible(f"{change.kind} {change.path}{was}")


def _patches(changes: Sequence[ChangedFile]) -> Iterator[str]:
    for change in changes:
        yield _changed(change)
        yield from (visible_line(line) for line in (change.patch or "").splitlines())


def _misfits(refused: PatchRefused) -> Iterator[str]:
    hunks: Any = refused.facts["hunks"]
    for hunk in hunks:
        yield visible(f"{hunk['path']}:{hunk['line']}  {hunk['reason']}" if hunk["path"] else hunk["reason"])
        yield from (visible_line(line) for line in hunk["hunk"].splitlines())


def _conflicts(refused: MergeConflicts | StashConflicts) -> Iterator[str]:
    conflicts: Any = refused.facts["conflicts"]
    for each in conflicts:
        gone = [side for side in ("base", "ours", "theirs") if each[side] is None]
        yield visible(f"conflict {each['path']}") + (f"  (not in {', '.join(gone)})" if gone else "")
        yield from (visible_line(line) for line in (each["text"] or "").splitlines())


def _after_conflicts(refused: MergeConflicts | StashConflicts, action: str) -> str:
    if isinstance(refused, StashConflicts):
        return (
            "NOT BROUGHT BACK, nothing changed. Call again with action='unstash', "
            f"stash={refused.facts['stash']!r} and resolutions for each of these paths."
        )
    if action == "rebase":
        return f"NOT REBASED, nothing changed: conflicts in commit {refused.facts['commit']}. Use action='merge'."
    return (
        "NOT MERGED, nothing changed. Call again with action='merge', "
        f"upstream={refused.facts['upstream']!r} and resolutions for each of these paths."
    )


def _fitted(lines: Sequence[str], truth: str, tokens_max: int) -> Reply:
    fitted = fit([Level("lines", lambda: list(lines))], tokens_max=tokens_max, truth=truth)
    return Reply(lines=fitted.lines or ["(none)"], truth=joined(truth, fitted.note))
