"""What can go wrong with policies that come by themselves."""

from grove.kit.errors import GroveError, Kind


class FollowingMissing(GroveError):
    """The policies follow nothing; `grove policy follow` has them follow a repository or an OPAL client."""

    kind = Kind.NOT_FOUND
    code = "following_missing"


class FollowingAbsent(GroveError):
    """The policies follow no OPAL client; `grove policy follow --opal` has them do so."""

    kind = Kind.CONFLICT
    code = "following_absent"


class PolicyFilesUnreadable(GroveError):
    """The policies' folder holds no documents, or a file that cannot be read; the policies in force stay in force."""

    code = "policy_files_unreadable"
