"""What can go wrong with repositories."""

from grove.kit.errors import GroveError, Kind


class RepositoryNotFound(GroveError):
    """There is no such repository."""

    kind = Kind.NOT_FOUND
    code = "repository_not_found_here"


class RepositoryAmbiguous(GroveError):
    """More than one repository is called that; use a longer name."""

    kind = Kind.CONFLICT
    code = "repository_ambiguous"


class RepositoryExists(GroveError):
    """A repository of that name is kept already, or was asked for."""

    kind = Kind.CONFLICT
    code = "repository_exists"


class RepositoryLeaving(GroveError):
    """A repository of that name is being removed; its name is free when that is done."""

    kind = Kind.CONFLICT
    code = "repository_leaving"


class NameInvalid(GroveError):
    """A repository's name is segments between slashes; none is empty, begins with a dash, ends with a dot or a space,
    or is a device of Windows, such as `con`. Give it another name.
    """

    code = "repository_name_invalid"


class HistoryPolicyInvalid(GroveError):
    """What is indexed ahead is `heads`, `tags`, `all`, or so many `months`, such as `12 months`."""

    code = "history_policy_invalid"


class NotAllowedNow(GroveError):
    """The repository is not in a state in which that can be done."""

    kind = Kind.CONFLICT
    code = "repository_state_conflict"


class CredentialShared(GroveError):
    """Its credential is for its project alone, and other repositories of that use it; give it one of its own first."""

    kind = Kind.CONFLICT
    code = "credential_shared"


class PermissionsOfNoForge(GroveError):
    """Whom a host lets read a repository is told by GitHub, GitLab, Bitbucket and Gitea, to a credential."""

    kind = Kind.CONFLICT
    code = "permissions_of_no_forge"


class AddressUnknown(GroveError):
    """Say where the repository is now: its forge has told no other address."""

    code = "address_unknown"


class AddressUnchanged(GroveError):
    """This is the address that it has."""

    kind = Kind.CONFLICT
    code = "address_unchanged"


class AddressFixed(GroveError):
    """A folder of the server's machine gets no other address: connect the new one and remove this."""

    kind = Kind.CONFLICT
    code = "address_fixed"


class HistoryUnrelated(GroveError):
    """The other address holds another history: no commit of the mirror is in it."""

    kind = Kind.CONFLICT
    code = "history_unrelated"
