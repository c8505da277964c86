"""Policies that come by themselves: from a folder of a mirrored repository, or from an OPAL client that pushes them."""

from grove.followings.errors import FollowingAbsent, FollowingMissing, PolicyFilesUnreadable
from grove.followings.job import FollowingTools, follow_policies, settle_following
from grove.followings.model import Following, FollowingKind
from grove.followings.operations import (
    FOLLOWING_JOB,
    current_following,
    drop_document,
    enqueue_following,
    follow_opal,
    follow_repository,
    is_followed,
    pause_following,
    pushed_documents,
    put_document,
    resume_following,
    stop_following,
)

__all__ = [
    "FOLLOWING_JOB",
    "Following",
    "FollowingAbsent",
    "FollowingKind",
    "FollowingMissing",
    "FollowingTools",
    "PolicyFilesUnreadable",
    "current_following",
    "drop_document",
    "enqueue_following",
    "follow_opal",
    "follow_policies",
    "follow_repository",
    "is_followed",
    "pause_following",
    "pushed_documents",
    "put_document",
    "resume_following",
    "settle_following",
    "stop_following",
]
