"""What a delivery tells to have happened, whichever forge tells it. Pure, and tolerant: what is not known is `OTHER`.

It is shown, and decides which addresses are looked for; what then is true is asked of the forge.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

ZERO: Final = "0"


class Matter(StrEnum):
    """What has happened to a repository."""

    PUSHED = "pushed"
    FORCE_PUSHED = "force-pushed"
    BRANCH_CREATED = "branch created"
    BRANCH_DELETED = "branch deleted"
    TAG_CREATED = "tag created"
    TAG_DELETED = "tag deleted"
    PULL_OPENED = "pull request opened"
    PULL_UPDATED = "pull request updated"
    PULL_MERGED = "pull request merged"
    PULL_CLOSED = "pull request closed"
    RENAMED = "repository renamed"
    ARCHIVED = "repository archived"
    RESTORED = "repository taken from the archive"
    DELETED = "repository deleted"
    MADE_PRIVATE = "repository made private"
    MADE_PUBLIC = "repository made public"
    CHANGED = "repository changed"
    OTHER = "something else"


_REPOSITORY_ACTIONS: Final[Mapping[str, Matter]] = MappingProxyType(
    {
        "renamed": Matter.RENAMED,
        "transferred": Matter.RENAMED,
        "archived": Matter.ARCHIVED,
        "unarchived": Matter.RESTORED,
        "deleted": Matter.DELETED,
        "privatized": Matter.MADE_PRIVATE,
        "publicized": Matter.MADE_PUBLIC,
    }
)
_PULL_ACTIONS: Final[Mapping[str, Matter]] = MappingProxyType(
    {
        **dict.fromkeys(("opened", "reopened", "open", "reopen", "created"), Matter.PULL_OPENED),
        **dict.fromkeys(("merged", "merge", "fulfilled"), Matter.PULL_MERGED),
        **dict.fromkeys(("closed", "close", "rejected", "declined", "deleted"), Matter.PULL_CLOSED),
    }
)
_WHOLE: Final[Mapping[str, Matter]] = MappingProxyType(
    {
        "public": Matter.MADE_PUBLIC,
        "project_rename": Matter.RENAMED,
        "project_transfer": Matter.RENAMED,
        "project_destroy": Matter.DELETED,
        "project_update": Matter.CHANGED,
        "repo:transfer": Matter.RENAMED,
        "repo:deleted": Matter.DELETED,
    }
)
_PULL_EVENTS: Final = ("pull_request", "merge_request", "pr:", "pullrequest:")
_NO_PULL_EVENTS: Final = ("comment", "review", "approv", "reaction")


def matter_of(event: str, body: Mapping[str, Any]) -> Matter:
    """What a delivery tells to have happened; `event` is the forge's name for it."""
    name, kind = event.lower(), _text(body.get("event_name") or body.get("object_kind"))
    for told in (name, kind):
        if told in _WHOLE:
            return _WHOLE[told]
        if told in _READERS:
            return _READERS[told](body)
    return _pull(name, body) if name.startswith(_PULL_EVENTS) or kind == "merge_request" else Matter.OTHER


def paths_of(body: Mapping[str, Any]) -> list[str]:
    """The paths of the repository where no address is told, and those that it had before, such as ``acme/old``."""
    changes, repository = _object(body.get("changes")), _object(body.get("repository"))
    owner, _, name = _text(repository.get("full_name")).rpartition("/")
    was = _text(_object(_object(changes.get("repository")).get("name")).get("from"))
    moved = _object(_object(changes.get("owner")).get("from"))
    login = next((_text(_object(moved.get(key)).get("login")) for key in ("user", "organization") if key in moved), "")
    found = [
        _text(body.get("path_with_namespace")),
        _text(body.get("old_path_with_namespace")),
        _text(_object(changes.get("full_name")).get("old")),
        f"{owner}/{was}" if was else "",
        f"{login}/{name}" if login else "",
    ]
    target = _object(_object(body.get("pullRequest")).get("toRef"))
    for each in (repository, _object(target.get("repository")), _object(body.get("old")), _object(body.get("new"))):
        project, slug = _text(_object(each.get("project")).get("key")), _text(each.get("slug"))
        found.append(f"scm/{project}/{slug}" if project and slug else "")
    return [path.strip("/") for path in found if path.strip("/")]


def _push(body: Mapping[str, Any]) -> Matter:
    changes = _changes(body)
    if changes:
        told = {_change(change) for change in changes}
        return told.pop() if len(told) == 1 else Matter.PUSHED
    is_tag = _text(body.get("ref")).startswith("refs/tags/")
    if body.get("deleted") is True or _is_nothing(body.get("after")):
        return _of_ref(is_tag=is_tag, is_new=False)
    if body.get("created") is True or _is_nothing(body.get("before")):
        return _of_ref(is_tag=is_tag, is_new=True)
    return Matter.FORCE_PUSHED if body.get("forced") is True else Matter.PUSHED


def _changes(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Bitbucket's way: `push.changes` in the cloud, `changes` of its servers."""
    told = _object(body.get("push")).get("changes", body.get("changes"))
    return [change for change in told if isinstance(change, Mapping)] if isinstance(told, list) else []


def _change(change: Mapping[str, Any]) -> Matter:
    old, new = _object(change.get("old")), _object(change.get("new"))
    ref, word = _object(change.get("ref")), _text(change.get("type")).lower()
    is_tag = "tag" in {_text(each.get("type")).lower() for each in (old, new, ref)}
    if change.get("created") is True or word == "add":
        return _of_ref(is_tag=is_tag, is_new=True)
    if change.get("closed") is True or word == "delete":
        return _of_ref(is_tag=is_tag, is_new=False)
    return Matter.FORCE_PUSHED if change.get("forced") is True else Matter.PUSHED


def _of_ref(*, is_tag: bool, is_new: bool) -> Matter:
    if is_tag:
        return Matter.TAG_CREATED if is_new else Matter.TAG_DELETED
    return Matter.BRANCH_CREATED if is_new else Matter.BRANCH_DELETED


def _created(body: Mapping[str, Any]) -> Matter:
    return _of_ref(is_tag=body.get("ref_type") == "tag", is_new=True)


def _deleted(body: Mapping[str, Any]) -> Matter:
    return _of_ref(is_tag=body.get("ref_type") == "tag", is_new=False)


def _repository(body: Mapping[str, Any]) -> Matter:
    return _REPOSITORY_ACTIONS.get(_text(body.get("action")), Matter.CHANGED)


def _updated(body: Mapping[str, Any]) -> Matter:
    """Bitbucket: a change of names, of who may read, or of words that matter to nobody here."""
    changes = _object(body.get("changes"))
    if {"name", "full_name"} & set(changes) or "old" in body:
        return Matter.RENAMED
    private = _object(changes.get("is_private")).get("new")
    if not isinstance(private, bool):
        return Matter.CHANGED
    return Matter.MADE_PRIVATE if private else Matter.MADE_PUBLIC


def _pull(name: str, body: Mapping[str, Any]) -> Matter:
    if any(word in name for word in _NO_PULL_EVENTS):
        return Matter.OTHER
    told = _object(body.get("object_attributes"))
    action = _text(told.get("action") or body.get("action")) or name.partition(":")[2]
    if action == "closed" and _object(body.get("pull_request")).get("merged") is True:
        return Matter.PULL_MERGED
    return _PULL_ACTIONS.get(action, Matter.PULL_UPDATED)


def _is_nothing(commit: object) -> bool:
    return bool(text := _text(commit)) and not text.strip(ZERO)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Matter]]] = MappingProxyType(
    {
        **dict.fromkeys(("push", "push hook", "tag push hook", "tag_push", "repo:push", "repo:refs_changed"), _push),
        **dict.fromkeys(("repo:updated", "repo:modified"), _updated),
        "create": _created,
        "delete": _deleted,
        "repository": _repository,
    }
)
