"""Speaking SSH to one host, for the time of one git command.

The key lies in memory that only we can read (or, where the system has no such thing, in a file of mode 0600 in the
command's own folder); no argument, variable or setting holds it. The host is known by the keys that are pinned and by
nothing else: no file of the user or the system is read, no agent asked, nothing learnt, and no other program started.
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.git.address import Address, pin
from grove.git.credential import private_file
from grove.git.errors import HostKeyUnknown, HostUnreachable, LocalPathRefused, RepositoryNotFound, SshKeyRequired
from grove.git.model import GitConfig, Remote, SshIdentity
from grove.git.url import RemoteUrl
from grove.sandbox import Command, Limits, run

ALIAS: Final = "grove-pinned"
"""By this name the pinned keys are looked up, whatever the host is called and wherever it is."""
CONNECT_SECONDS_MAX: Final = 20
HOST_KEYS_MAX: Final = 10
_KEYSCAN: Final = "/usr/bin/ssh-keyscan"
_OPTIONS: Final = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "CheckHostIP=no",
    "VerifyHostKeyDNS=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "ProxyCommand=none",
    "ProxyJump=none",
    "PermitLocalCommand=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "Tunnel=no",
    "ControlMaster=no",
    "ControlPath=none",
    "CanonicalizeHostname=no",
    "RequestTTY=no",
    "LogLevel=ERROR",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=2",
    f"ConnectTimeout={CONNECT_SECONDS_MAX}",
    f"HostKeyAlias={ALIAS}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshCall:
    """What a command needs to be given: the variables by which git starts ssh, and inherited descriptors."""

    variables: dict[str, str]
    pass_fds: tuple[int, ...] = ()


@contextmanager
def ssh_ready(config: GitConfig, remote: Remote, url: RemoteUrl, *, job_dir: Path) -> Iterator[SshCall]:
    """Hold a key ready for one host, for the time of the block; the host's name is resolved once.

    :raises SshKeyRequired: if there is no key for it.
    :raises HostKeyUnknown: if no key of the host is pinned.
    :raises RepositoryNotFound: if git on the host says that there is no repository at that path.
    """
    if remote.identity is None:
        raise SshKeyRequired(host=url.authority)
    if not remote.identity.host_keys:
        raise HostKeyUnknown(host=url.authority)
    address = pin(url, allowed=config.allowed_networks).addresses[0]
    known_hosts = job_dir / "known_hosts"
    known_hosts.write_text("".join(f"{ALIAS} {key}\n" for key in remote.identity.host_keys))
    with _held(remote.identity, job_dir) as (key_file, pass_fds):
        try:
            yield SshCall(variables=_variables(address, known_hosts=known_hosts, key_file=key_file), pass_fds=pass_fds)
        except LocalPathRefused as refused:
            raise RepositoryNotFound(**refused.facts) from None


def scan_host_keys(config: GitConfig, url: RemoteUrl) -> tuple[str, ...]:
    """The keys that a host shows to somebody who has not pinned any, such as `ssh-ed25519 AAAA…`.

    Whether they are the host's own nobody has checked: compare them with what its owner tells.

    :raises AddressRefused: if it has no address that we may connect to.
    :raises HostUnreachable: if it shows none.
    """
    address = pin(url, allowed=config.allowed_networks).addresses[0]
    argv = [_KEYSCAN, "-T", str(CONNECT_SECONDS_MAX), "-p", str(url.port), "--", str(address)]
    limits = Limits(seconds_max=2 * CONNECT_SECONDS_MAX, stdout_bytes_max=1024**2)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(config.home), "LC_ALL": "C.UTF-8"}
    finished = run(Command(argv=argv, env=env, cwd=config.home, limits=limits))
    lines = finished.stdout.decode(errors="replace").splitlines()
    keys = sorted({line.partition(" ")[2].strip() for line in lines if line and not line.startswith("#")})
    if not keys:
        raise HostUnreachable(host=url.authority, reason="it shows no host key")
    return tuple(keys[:HOST_KEYS_MAX])


def _variables(address: Address, *, known_hosts: Path, key_file: str) -> dict[str, str]:
    known = f"UserKnownHostsFile={_quoted(known_hosts)}"
    options = [f"-o{option}" for option in (*_OPTIONS, f"HostName={address}", known)]
    words = shlex.join(["ssh", "-F", "/dev/null", *options])
    # The shell stays until ssh has ended: it is in the shell that ssh finds the key.
    command = f'call() {{ {words} -oIdentityFile={key_file} "$@"; return $?; }}; call'
    return {"GIT_SSH_COMMAND": command, "GIT_SSH_VARIANT": "ssh"}


def _quoted(path: Path) -> str:
    """A path as ssh reads one: a space ends it and a percent sign begins a word of its own, unless they are hidden."""
    escaped = str(path).replace("%", "%%")
    return f'"{escaped}"'


@contextmanager
def _held(identity: SshIdentity, job_dir: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The key where ssh can read it, as a word of the shell, and what is inherited for that.

    Ssh closes what it inherits, so it looks it up in the shell that git starts it by: nobody looks into our process.
    """
    content = identity.private_key.encode()
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("identity")
        try:
            os.fchmod(descriptor, 0o600)
            os.write(descriptor, content)
            yield f"/proc/$$/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)
        return
    with private_file(job_dir / "identity", content) as path:
        yield shlex.quote(_quoted(path)), ()
