"""`usage_and_limits`: what is used, how much may be had, and which policies are in force. Nothing is changed by it."""

from datetime import UTC, datetime
from typing import Final

from grove import followings, policies, quotas, repositories, retention, usage
from grove.kit.transactions import Transaction
from grove.mcp.arguments import UsageAndLimits
from grove.mcp.calls import Caller, Reply
from grove.mcp.visible import visible
from grove.quotas import Holder, HolderKind

LINES_MAX: Final = 30
COMMIT_DIGITS: Final = 12


def usage_and_limits(caller: Caller, arguments: UsageAndLimits) -> Reply:
    """Tell one of the three; each by its own permission.

    :raises Denied: if the caller may not see it.
    """
    telling = {"usage": _usage, "quotas": _quotas, "policies": _policies}[arguments.about]
    with caller.grove.database.reading() as tx:
        return telling(tx, caller, arguments)


def _usage(tx: Transaction, caller: Caller, arguments: UsageAndLimits) -> Reply:
    question = usage.UsageQuestion(principal_id=None if arguments.tenant else caller.actor.id)
    found = usage.usage_of(tx, actor=caller.actor, question=question, limit=LINES_MAX)
    names = repositories.names_of(tx, actor=caller.actor, repository_ids={line.key for line in found})
    lines = [
        visible(f"{names.get(line.key) or line.key}  {line.count:,} uses, last {line.last_at:%Y-%m-%d}")
        for line in found
    ]
    told = "the tenant's" if arguments.tenant else "your own"
    more = f"; only the {LINES_MAX} most used are shown" if len(found) == LINES_MAX else ""
    return Reply(lines=lines or ["(none)"], truth=f"Uses by repository, {told}{more}.")


def _quotas(tx: Transaction, caller: Caller, arguments: UsageAndLimits) -> Reply:
    holder = Holder(kind=HolderKind.USER, id=caller.actor.id)
    if arguments.tenant:
        holder = Holder(kind=HolderKind.TENANT, id=caller.actor.tenant_id)
    found = quotas.list_quotas(tx, actor=caller.actor, holder=holder, now=datetime.now(UTC))
    lines = [
        f"{quota.sort}  {quota.used:,} of {'any number' if quota.limit is None else format(quota.limit, ',')}"
        for quota in found
    ]
    told = "the tenant's" if arguments.tenant else "your own; those of the tenant count too"
    return Reply(lines=lines, truth=f"Quotas, {told}.")


def _policies(tx: Transaction, caller: Caller, _arguments: UsageAndLimits) -> Reply:
    version = policies.policies_in_force(tx, actor=caller.actor)
    kept = retention.retention_of(tx, actor=caller.actor)
    followed = followings.current_following(tx, actor=caller.actor)
    lines = ["policies  those that are shipped alone"]
    if version is not None:
        names = ", ".join(sorted(version.documents)) or "none"
        lines = [visible(f"policies  version {version.version}, from {version.origin or 'hand'}: {names}")]
    if followed is not None:
        place = f" {followed.repository}@{followed.branch}" if followed.repository else ""
        problem = f"; refused: {followed.problem.get('message')}" if followed.problem else ""
        at = followed.revision[:COMMIT_DIGITS]
        lines.append(visible(f"followed  {followed.kind}{place} at {at}{problem}"))
    days = f"after {kept.idle_days} idle days and {kept.notice_days} of notice"
    lines.append(f"retention  {days}: {kept.fate}" if kept.idle_days else "retention  off")
    return Reply(lines=lines, truth="What is in force now.")
