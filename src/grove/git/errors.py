"""What can go wrong with git, its hosts and its objects."""

from grove.kit.errors import GroveError, Kind


class UrlRefused(GroveError):
    """This is not an address of a repository that can be mirrored."""

    code = "url_refused"


class UrlSchemeRefused(UrlRefused):
    """Only https:// and ssh:// addresses can be mirrored, and `git@host:path`."""

    code = "url_scheme"


class UrlOptionRefused(UrlRefused):
    """An address must not begin with a dash."""

    code = "url_option"


class UrlCredentialsRefused(UrlRefused):
    """An address must not carry a user name, a password, a token or a query: store a credential instead."""

    code = "url_credentials"


class UrlCharactersRefused(UrlRefused):
    """The address holds characters that an address must not hold."""

    code = "url_characters"


class UrlHostRefused(UrlRefused):
    """The host of the address is not a host name or an address in its usual form."""

    code = "url_host"


class UrlPathRefused(UrlRefused):
    """The path of the address does not name a repository."""

    code = "url_path"


class AddressRefused(GroveError):
    """The host is at a network address that Grove must not connect to."""

    kind = Kind.DENIED
    code = "address_refused"


class LocalPathRefused(GroveError):
    """The path is not a repository under a folder that the administrator allows."""

    kind = Kind.DENIED
    code = "local_path_refused"


class SecretRefused(GroveError):
    """A user name or secret holds a character that cannot be sent."""

    code = "credential_characters"


class CredentialRequired(GroveError):
    """The host asks for a credential: the repository is private, or is not there."""

    kind = Kind.DENIED
    code = "credential_required"


class CredentialRejected(GroveError):
    """The host does not accept the credential."""

    kind = Kind.DENIED
    code = "credential_rejected"


class SshKeyRequired(GroveError):
    """An ssh:// address is opened by a credential of the kind ssh_key, and only such an address is."""

    kind = Kind.DENIED
    code = "ssh_key_required"


class HostKeyUnknown(GroveError):
    """No key of this host is pinned, or none of the kind that it shows: `grove cred host-keys NAME --pin`."""

    kind = Kind.DENIED
    code = "host_key_unknown"


class HostKeyChanged(GroveError):
    """The host shows another key than the one that is pinned: it was set up anew, or is another; nothing was sent.

    Ask whoever runs it; if the new key is right: `grove cred host-keys NAME --pin`.
    """

    kind = Kind.DENIED
    code = "host_key_changed"


class AccessForbidden(GroveError):
    """The host knows the credential but does not let it read the repository."""

    kind = Kind.DENIED
    code = "access_forbidden"


class RepositoryNotFound(GroveError):
    """The host has no such repository, or hides it from this credential."""

    kind = Kind.NOT_FOUND
    code = "repository_not_found"


class RepositoryGone(GroveError):
    """The host says that the repository is gone for good."""

    kind = Kind.NOT_FOUND
    code = "repository_gone"


class RepositoryTooLarge(GroveError):
    """The repository is larger than is allowed here."""

    kind = Kind.TOO_LARGE
    code = "repository_too_large"


class TooManyRefs(GroveError):
    """The repository has more branches and tags than are allowed here."""

    kind = Kind.TOO_LARGE
    code = "too_many_refs"


class TreeTooLarge(GroveError):
    """A commit has more files than can be listed here, or they take too long to list."""

    kind = Kind.TOO_LARGE
    code = "tree_too_large"


class TreeTooDeep(GroveError):
    """A commit has folders nested deeper than can be listed here."""

    kind = Kind.TOO_LARGE
    code = "tree_too_deep"


class ObjectTooLarge(GroveError):
    """An object is larger than was asked for."""

    kind = Kind.TOO_LARGE
    code = "object_too_large"


class MemoryExceeded(GroveError):
    """Git needed more memory than it may have."""

    kind = Kind.TOO_LARGE
    code = "git_memory_exceeded"


class HostUnreachable(GroveError):
    """The host cannot be reached at the moment."""

    kind = Kind.UNAVAILABLE
    code = "host_unreachable"
    transient = True


class HostBusy(GroveError):
    """The host asks to try again later."""

    kind = Kind.UNAVAILABLE
    code = "host_busy"
    transient = True


class HostRefused(GroveError):
    """The host refused, and gave its own reason."""

    kind = Kind.UNAVAILABLE
    code = "host_refused"


class CertificateRefused(GroveError):
    """The host's certificate is not trusted."""

    kind = Kind.UNAVAILABLE
    code = "certificate_refused"


class RedirectRefused(GroveError):
    """The host answers with another address; redirects are not followed: enter the new address if it is right."""

    kind = Kind.UNAVAILABLE
    code = "redirect_refused"


class ProtocolRefused(GroveError):
    """Git was asked to use a protocol that is not allowed."""

    code = "protocol_refused"


class TransferInterrupted(GroveError):
    """The connection ended before everything was received."""

    kind = Kind.UNAVAILABLE
    code = "transfer_interrupted"
    transient = True


class GitTimeout(GroveError):
    """Git took longer than it may."""

    kind = Kind.UNAVAILABLE
    code = "git_timeout"
    transient = True


class Cancelled(GroveError):
    """The work was cancelled."""

    kind = Kind.CONFLICT
    code = "cancelled"


class RepositoryCorrupt(GroveError):
    """The repository holds objects that are missing, broken or forged."""

    kind = Kind.UNAVAILABLE
    code = "repository_corrupt"


class ObjectFormatUnsupported(GroveError):
    """The repository uses another object format than SHA-1."""

    code = "object_format_unsupported"


class RefRefused(GroveError):
    """This cannot be the name of a branch, a tag or a commit."""

    code = "ref_refused"


class RefLocked(GroveError):
    """Another process is changing the branches and tags at the moment."""

    kind = Kind.CONFLICT
    code = "ref_locked"
    transient = True


class RefNameTooLong(GroveError):
    """The host has a branch or tag whose name is too long for a mirror."""

    kind = Kind.CONFLICT
    code = "ref_name_too_long"


class UpstreamShallow(GroveError):
    """What is there is a shallow clone, which lacks its past; `git fetch --unshallow` there completes it."""

    kind = Kind.CONFLICT
    code = "upstream_shallow"


class RevisionUnknown(GroveError):
    """There is no such branch, tag or commit."""

    kind = Kind.NOT_FOUND
    code = "revision_unknown"


class RevisionAmbiguous(GroveError):
    """More than one commit begins with these digits; give more of them."""

    code = "revision_ambiguous"


class ObjectMissing(GroveError):
    """There is no such object."""

    kind = Kind.NOT_FOUND
    code = "object_missing"


class PathMissing(GroveError):
    """There is no such path at this commit."""

    kind = Kind.NOT_FOUND
    code = "path_missing"


class GitFailed(GroveError):
    """Git failed for a reason that Grove does not know."""

    kind = Kind.UNAVAILABLE
    code = "git_failed"


class PushRejected(GroveError):
    """The host did not take what was pushed: the branch there has changed meanwhile, or a rule forbids it."""

    kind = Kind.CONFLICT
    code = "push_rejected"
