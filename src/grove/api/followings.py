"""`/api/v1/policies/following`: what the tenant's own policies follow; `/opal/v1`: where an OPAL client pushes them.

The latter speaks as the engines do that OPAL calls Cedar agents: `POLICY_STORE_TYPE=CEDAR`, and this server's address
with `/opal` as `POLICY_STORE_URL`.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import HTTPException, Path, Request
from pydantic import AfterValidator, Field, StringConstraints

from grove import followings
from grove.api.caller import CallerOf
from grove.api.problems import Problem, problem_response
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Line, Received, Shown, whole
from grove.followings import Following
from grove.policies import PoliciesInvalid

router = router_at("/api/v1/policies/following", tag="governance")
opal = router_at("/opal/v1", tag="governance")

PlaceText = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00-\x1f]*$"), AfterValidator(whole)]
DocumentText = Annotated[str, StringConstraints(max_length=200_000), AfterValidator(whole)]
DocumentName = Annotated[str, Path(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f]+$")]


class PolicySourceIn(Received):
    """What is to be followed: a folder of a repository, or what an OPAL client pushes."""

    source: Literal["repository", "opal"] = "repository"
    repository: Line | None = Field(default=None, description="Its name, id or address; not for `opal`.")
    branch: PlaceText = Field(default="", description="The default branch, if it is left out.")
    folder: PlaceText = Field(default="", description="Where the documents are; the root, if it is left out.")


class ByHandOut(Shown):
    """The version in force, where somebody has applied it by hand since."""

    version: int
    origin: str
    reason: str
    applied_by: str
    applied_at: datetime


class FollowingOut(Shown):
    """What is followed; `problem` says why what is there now was refused, while version `version` stays in force.

    After a roll-back it is `paused_at`: nothing that comes is applied until somebody resumes it.
    """

    source: str
    repository_id: str | None
    repository: str
    branch: str
    folder: str
    followed_by: str
    since: datetime
    revision: str
    version: int
    problem: dict[str, Any] | None
    paused_at: datetime | None
    paused_by: str
    by_hand: ByHandOut | None

    @classmethod
    def of(cls, following: Following) -> Self:
        """As people see it."""
        told = {name: getattr(following, name) for name in cls.model_fields if name not in {"source", "by_hand"}}
        by_hand = ByHandOut.model_validate(following.by_hand) if following.by_hand is not None else None
        return cls(source=following.kind, by_hand=by_hand, **told)


class FollowingStateOut(Shown):
    """What is followed, if anything."""

    following: FollowingOut | None


class OpalPolicyIn(Received):
    """A document in Cedar."""

    content: DocumentText


class OpalPolicyOut(Shown):
    """A document in Cedar as it was pushed."""

    id: str
    content: str


class OpalStateOut(Shown):
    """That somebody is here."""

    status: str = "ok"


@router.get("", openapi_extra=needs("policy.view"))
def get_following(caller: CallerOf) -> FollowingStateOut:
    """What the tenant's own policies follow, how far, and what is wrong with what is there now."""
    with caller.reading() as tx:
        found = followings.current_following(tx, actor=caller.actor)
    return FollowingStateOut(following=FollowingOut.of(found) if found is not None else None)


@router.put("", openapi_extra=needs("policy.apply"))
def follow_policies(wanted: PolicySourceIn, caller: CallerOf) -> FollowingOut:
    """Have the tenant's own policies follow something, in your name; nothing else is followed then."""
    with caller.writing() as tx:
        if wanted.source == "opal":
            return FollowingOut.of(followings.follow_opal(tx, actor=caller.actor, now=caller.now))
        following = followings.follow_repository(
            tx,
            actor=caller.actor,
            repository=wanted.repository or "",
            branch=wanted.branch,
            folder=wanted.folder,
            now=caller.now,
        )
    return FollowingOut.of(following)


@router.post("/resume", openapi_extra=needs("policy.apply"))
def resume_following(caller: CallerOf) -> FollowingOut:
    """Follow again what was followed, from what is there now, after a roll-back has paused it."""
    with caller.writing() as tx:
        return FollowingOut.of(followings.resume_following(tx, actor=caller.actor, now=caller.now))


@router.delete("", openapi_extra=needs("policy.apply"))
def stop_following(caller: CallerOf) -> FollowingStateOut:
    """Follow nothing any more; the version in force stays."""
    with caller.writing() as tx:
        followings.stop_following(tx, actor=caller.actor, now=caller.now)
    return FollowingStateOut(following=None)


@opal.get("/", openapi_extra=needs(PUBLIC))
def probe_opal() -> OpalStateOut:
    """Whether somebody is here; OPAL asks without a token."""
    return OpalStateOut()


@opal.get("/policies", openapi_extra=needs("policy.view"))
def list_opal_policies(caller: CallerOf) -> list[OpalPolicyOut]:
    """The documents that were pushed, good or bad."""
    with caller.reading() as tx:
        pushed = followings.pushed_documents(tx, actor=caller.actor)
    return [OpalPolicyOut(id=name, content=text) for name, text in sorted(pushed.items())]


@opal.put(
    "/policies/{name:path}",
    openapi_extra=needs("policy.apply"),
    response_model=OpalPolicyOut,
    responses={400: {"model": Problem, "description": "Taken, but wrong by itself."}},
)
def put_opal_policy(request: Request, name: DocumentName, wanted: OpalPolicyIn, caller: CallerOf) -> Any:
    """Take a document; all of them are tried and applied together as soon as no more come.

    One that is wrong by itself is answered by 400, the one status by which OPAL goes on with the others.
    """
    with caller.writing() as tx:
        wrong = followings.put_document(tx, actor=caller.actor, name=name, text=wanted.content, now=caller.now)
    if wrong:
        told = "; ".join(f"{each.document} {each.policy}: {each.message}" for each in wrong)
        error = PoliciesInvalid(findings=told)
        facts = {"findings": told}
        return problem_response(request.scope, status=400, code=error.code, title=error.message, facts=facts)
    return OpalPolicyOut(id=name, content=wanted.content)


@opal.delete("/policies/{name:path}", status_code=204, openapi_extra=needs("policy.apply"))
def delete_opal_policy(name: DocumentName, caller: CallerOf) -> None:
    """Forget a document."""
    with caller.writing() as tx:
        was_there = followings.drop_document(tx, actor=caller.actor, name=name, now=caller.now)
    if not was_there:
        raise HTTPException(404)
