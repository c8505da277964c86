"""`pull_request`: what an open one changes. `promote_workspace`: that of a workspace, and commits that wait for one."""

from datetime import UTC, datetime

from grove import mirrors, promotions
from grove.mcp.arguments import PromoteWorkspace, PullRequest
from grove.mcp.calls import Caller, Reply, joined
from grove.mcp.registry import repository_named
from grove.mcp.visible import visible_line
from grove.promotions import Promotion, Wish

LINES_MAX = 200
COMMIT_DIGITS = 12


def pull_request(caller: Caller, arguments: PullRequest) -> Reply:
    """List the open pull requests of a repository, or tell what one of them changes.

    :raises GroveError: if it cannot be told.
    """
    grove, actor = caller.grove, caller.actor
    repository = repository_named(caller, arguments.repo)
    if arguments.number is None:
        with grove.database.reading() as tx:
            pulls = mirrors.pulls_of(tx, repository_id=repository.id) if repository.is_served else []
            tracked = mirrors.are_pulls_tracked(tx, repository_id=repository.id)
        lines = [visible_line(f"#{pull.number} {pull.title}  {pull.branch} -> {pull.target}") for pull in pulls]
        told = f"{len(pulls)} open" if tracked else "pull requests of this repository are not mirrored"
        return Reply(lines=lines, truth=joined(told, "number tells what one changes" if pulls else ""))
    delta = grove.deltas.delta(actor, repository=repository.id, number=arguments.number)
    files = [f"{file.kind} {file.path} +{file.lines_added} -{file.lines_removed}" for file in delta.files]
    symbols = [f"{each.change} {each.kind} {each.name} {each.path}:{each.line}" for each in delta.symbols]
    lines = [*files, *symbols]
    return Reply(
        lines=[visible_line(line) for line in lines[:LINES_MAX]],
        truth=joined(
            f"#{delta.pull.number} at {delta.pull.head[:COMMIT_DIGITS]} since {delta.base[:COMMIT_DIGITS]}",
            f"{len(files)} files, {len(symbols)} definitions",
            f"{len(lines) - LINES_MAX} lines left out" if len(lines) > LINES_MAX else "",
            f"{delta.files_unread} files not looked into" if delta.files_unread else "",
            f"search its files by rev:pr/{delta.pull.number}",
        ),
    )


def promote_workspace(caller: Caller, arguments: PromoteWorkspace) -> Reply:
    """Push a workspace and have one pull request for it, tell how that is, or decide about commits that wait.

    :raises GroveError: if it is refused, or the forge does not do it.
    """
    grove, actor, now = caller.grove, caller.actor, datetime.now(UTC)
    name, commit = arguments.workspace, arguments.commit
    match arguments.action:
        case "promote":
            wish = Wish(title=arguments.title, body=arguments.body, target=arguments.target)
            return _reply(grove.promotions.promote(actor, name, wish=wish, now=now))
        case "status":
            return _reply(grove.promotions.get(actor, name, now=now))
        case "inbox":
            return _inbox(caller)
        case "approve":
            return _reply(grove.promotions.approve(actor, name, commit=commit, now=now))
        case "reject":
            with grove.database.transaction() as tx:
                reason = arguments.reason
                return _reply(promotions.refuse(tx, actor=actor, name=name, commit=commit, reason=reason, now=now))


def _inbox(caller: Caller) -> Reply:
    with caller.grove.database.reading() as tx:
        waiting = promotions.list_waiting(tx, actor=caller.actor)
    lines = [
        f"{each.workspace.id} {each.promotion.waiting}  {each.owner}  {each.repository.name}"
        f" -> {each.promotion.target}  {each.promotion.title}  {each.why_not or 'you may decide'}"
        for each in waiting
    ]
    left_out = f"{len(lines) - LINES_MAX} left out" if len(lines) > LINES_MAX else ""
    shown = [visible_line(line) for line in lines[:LINES_MAX]]
    return Reply(lines=shown, truth=joined(f"{len(lines)} wait for approval", left_out))


def _state(promotion: Promotion) -> str:
    if promotion.waiting and not promotion.pushed:
        return "waiting"
    return "draft" if promotion.draft and promotion.state == "open" else promotion.state


def _reply(promotion: Promotion) -> Reply:
    checks = [f"{check.state} {check.name} {check.url}" for check in promotion.checks]
    number = f"#{promotion.number} " if promotion.number else ""
    unasked = [f"not asked for a review: {each.name} ({each.reason})" for each in promotion.unasked]
    return Reply(
        lines=[visible_line(line) for line in (f"{number}{promotion.title}  {promotion.url}", *checks, *unasked)],
        truth=joined(
            _state(promotion),
            f"{promotion.branch} into {promotion.target}"
            + (f" at {promotion.pushed[:COMMIT_DIGITS]}" if promotion.pushed else ""),
            f"{promotion.waiting[:COMMIT_DIGITS]} waits for a person to approve it: {visible_line(promotion.why)}"
            if promotion.waiting
            else "",
            f"refused: {visible_line(promotion.refusal)}" if promotion.refusal else "",
            f"reviews asked of {', '.join(promotion.reviewers)}" if promotion.reviewers else "",
        ),
    )
