"""How a host is spoken to with what was opened: a token over HTTPS, a key over SSH, and neither by the other's way."""

from grove.credentials.kinds import CredentialKind
from grove.credentials.model import Secret
from grove.credentials.ssh_keys import SshKey
from grove.git import Remote, RemoteUrl, SshIdentity, SshKeyRequired
from grove.git import Secret as GitSecret


def remote_with(url: RemoteUrl, opened: Secret | None) -> Remote:
    """The remote at an address, with the secret that opens it.

    :raises SshKeyRequired: if the secret is an SSH key and the address is not for SSH, or the other way round.
    :raises SecretRefused: if a token holds a control character.
    """
    is_key = opened is not None and opened.kind is CredentialKind.SSH_KEY
    if is_key is not url.is_ssh:
        raise SshKeyRequired(host=url.authority)
    if opened is None:
        return Remote(url=url)
    if is_key:
        key = SshKey.parse(opened.password)
        return Remote(url=url, identity=SshIdentity(private_key=key.private_key, host_keys=key.host_keys))
    return Remote(url=url, secret=GitSecret(username=opened.username, password=opened.password))


def token_of(remote: Remote) -> Secret | None:
    """What a forge's API may be shown of a remote's secret: a token, and never a private key."""
    if remote.secret is None:
        return None
    return Secret(username=remote.secret.username, password=remote.secret.password)
