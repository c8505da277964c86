"""The rules: for each action, the least role that may do it and the scope a token needs."""

from dataclasses import dataclass

from grove.accounts import Role, Scope


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do an action; `own` lets those below the role do it to what is theirs.

    With `unless_permitted` the role alone gives nothing: a policy says when it does, and this is why not otherwise.
    """

    role: Role
    scope: Scope
    own: Role | None = None
    unless_permitted: str = ""


RULES: dict[str, Rule] = {
    "account.view": Rule(Role.VIEWER, Scope.READ),
    "agent.create": Rule(Role.DEVELOPER, Scope.ADMIN),
    "audit.list": Rule(Role.ADMIN, Scope.ADMIN),
    "audit.verify": Rule(Role.ADMIN, Scope.ADMIN),
    "context.list": Rule(Role.VIEWER, Scope.READ),
    "context.remove": Rule(Role.DEVELOPER, Scope.WRITE),
    "context.set": Rule(Role.DEVELOPER, Scope.WRITE),
    "credential.add": Rule(Role.DEVELOPER, Scope.WRITE),
    "credential.list": Rule(Role.DEVELOPER, Scope.READ),
    "credential.refer": Rule(Role.ADMIN, Scope.WRITE),
    "credential.remove": Rule(Role.MAINTAINER, Scope.WRITE),
    "credential.rotate": Rule(Role.MAINTAINER, Scope.WRITE),
    "credential.use": Rule(Role.DEVELOPER, Scope.WRITE),
    "decision.list": Rule(Role.ADMIN, Scope.ADMIN),
    "device.decide": Rule(Role.VIEWER, Scope.ADMIN),
    "export.create": Rule(Role.VIEWER, Scope.READ),
    "export.remove": Rule(Role.ADMIN, Scope.READ, own=Role.VIEWER),
    "export.view": Rule(Role.ADMIN, Scope.READ, own=Role.VIEWER),
    "file.read": Rule(Role.VIEWER, Scope.READ),
    "hook.create": Rule(Role.MAINTAINER, Scope.WRITE),
    "hook.list": Rule(Role.MAINTAINER, Scope.READ),
    "hook.remove": Rule(Role.MAINTAINER, Scope.WRITE),
    "index.pin": Rule(Role.DEVELOPER, Scope.WRITE),
    "index.rebuild": Rule(Role.MAINTAINER, Scope.WRITE),
    "index.verify": Rule(Role.MAINTAINER, Scope.WRITE),
    "index.view": Rule(Role.VIEWER, Scope.READ),
    "job.cancel": Rule(Role.DEVELOPER, Scope.WRITE),
    "job.list": Rule(Role.VIEWER, Scope.READ),
    "job.retry": Rule(Role.DEVELOPER, Scope.WRITE),
    "job.view": Rule(Role.VIEWER, Scope.READ),
    "policy.apply": Rule(Role.ADMIN, Scope.ADMIN),
    "policy.explain": Rule(Role.MAINTAINER, Scope.READ),
    "policy.view": Rule(Role.VIEWER, Scope.READ),
    "project.create": Rule(Role.MAINTAINER, Scope.WRITE),
    "project.list": Rule(Role.VIEWER, Scope.READ),
    "quota.set": Rule(Role.ADMIN, Scope.ADMIN),
    "quota.view": Rule(Role.MAINTAINER, Scope.READ, own=Role.VIEWER),
    "repository.admit": Rule(Role.MAINTAINER, Scope.WRITE),
    "repository.archive": Rule(Role.MAINTAINER, Scope.WRITE),
    "repository.approve": Rule(Role.MAINTAINER, Scope.WRITE),
    "repository.clone": Rule(Role.VIEWER, Scope.READ),
    "repository.check": Rule(Role.DEVELOPER, Scope.WRITE),
    "repository.connect": Rule(Role.DEVELOPER, Scope.WRITE),
    "repository.connect_local": Rule(Role.DEVELOPER, Scope.WRITE),
    "repository.keep_up": Rule(Role.DEVELOPER, Scope.WRITE),
    "repository.configure": Rule(Role.MAINTAINER, Scope.WRITE),
    "repository.follow": Rule(Role.DEVELOPER, Scope.WRITE),
    "repository.list": Rule(Role.VIEWER, Scope.READ),
    "repository.move": Rule(Role.MAINTAINER, Scope.WRITE),
    "repository.reject": Rule(Role.MAINTAINER, Scope.WRITE),
    "repository.remove": Rule(Role.ADMIN, Scope.WRITE),
    "repository.revoke": Rule(Role.MAINTAINER, Scope.WRITE),
    "repository.sync": Rule(Role.DEVELOPER, Scope.WRITE),
    "repository.view": Rule(Role.VIEWER, Scope.READ),
    "request.list": Rule(Role.DEVELOPER, Scope.READ),
    "retention.apply": Rule(Role.ADMIN, Scope.WRITE),
    "retention.hold": Rule(Role.DEVELOPER, Scope.WRITE),
    "retention.set": Rule(Role.ADMIN, Scope.ADMIN),
    "retention.view": Rule(Role.VIEWER, Scope.READ),
    "scip.upload": Rule(Role.DEVELOPER, Scope.WRITE),
    "search.run": Rule(Role.VIEWER, Scope.READ),
    "session.close": Rule(Role.VIEWER, Scope.READ),
    "session.end": Rule(Role.ADMIN, Scope.ADMIN, own=Role.VIEWER),
    "session.list": Rule(Role.ADMIN, Scope.READ, own=Role.VIEWER),
    "service.create": Rule(Role.ADMIN, Scope.ADMIN),
    "token.issue": Rule(Role.ADMIN, Scope.ADMIN, own=Role.VIEWER),
    "token.list": Rule(Role.ADMIN, Scope.READ, own=Role.VIEWER),
    "token.rotate": Rule(Role.ADMIN, Scope.ADMIN, own=Role.VIEWER),
    "token.revoke": Rule(Role.ADMIN, Scope.ADMIN, own=Role.VIEWER),
    "usage.view": Rule(Role.ADMIN, Scope.READ, own=Role.VIEWER),
    "user.create": Rule(Role.ADMIN, Scope.ADMIN),
    "user.set_password": Rule(Role.ADMIN, Scope.ADMIN, own=Role.VIEWER),
    "user.link": Rule(Role.ADMIN, Scope.ADMIN),
    "user.list": Rule(Role.MAINTAINER, Scope.READ, own=Role.VIEWER),
    "user.set_role": Rule(Role.ADMIN, Scope.ADMIN),
    "user.suspend": Rule(Role.ADMIN, Scope.ADMIN),
    "workspace.change": Rule(Role.ADMIN, Scope.WRITE, own=Role.DEVELOPER),
    "workspace.create": Rule(Role.DEVELOPER, Scope.WRITE),
    "workspace.disclose": Rule(
        Role.DEVELOPER,
        Scope.WRITE,
        unless_permitted="private source may be in it, and others may read where it goes: a person has to approve it",
    ),
    "workspace.list": Rule(Role.VIEWER, Scope.READ),
    "workspace.promote": Rule(Role.ADMIN, Scope.WRITE, own=Role.DEVELOPER),
    "workspace.promote_guarded": Rule(Role.ADMIN, Scope.WRITE),
    "workspace.promote_unasked": Rule(Role.ADMIN, Scope.WRITE, own=Role.DEVELOPER),
    "workspace.view": Rule(Role.ADMIN, Scope.READ, own=Role.VIEWER),
}
