"""The environment and the settings that every git process gets: built from nothing, nothing inherited.

Settings are sent by `GIT_CONFIG_COUNT`, so that they beat those of any repository and are not seen among the
arguments. What a repository could set to run a program is set here first.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grove.git.model import GitConfig

Setting = tuple[str, str]

_HOOKS: Final = (
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "proc-receive",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "fsmonitor-watchman",
    "p4-changelist",
    "p4-prepare-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "post-index-change",
)

_TRANSFER: Final[tuple[Setting, ...]] = (
    ("protocol.version", "2"),
    ("http.followRedirects", "false"),
    ("http.sslVerify", "true"),
    ("http.emptyAuth", "false"),
    ("http.proxy", ""),
    ("transfer.credentialsInUrl", "die"),
    ("transfer.fsckObjects", "true"),
    # Honest repositories of old have these three faults.
    ("fetch.fsck.badTimezone", "ignore"),
    ("fetch.fsck.missingSpaceBeforeDate", "ignore"),
    ("fetch.fsck.zeroPaddedFilemode", "ignore"),
    ("transfer.bundleURI", "false"),
    ("fetch.uriProtocols", ""),
    ("promisor.acceptFromServer", "none"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    # What is fetched is always one pack: one file to bound and to make durable.
    ("fetch.unpackLimit", "1"),
    ("fetch.writeCommitGraph", "false"),
    ("credential.helper", ""),
)
_STORAGE: Final[tuple[Setting, ...]] = (
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("core.bigFileThreshold", "50m"),
    ("core.packedGitWindowSize", "32m"),
    ("core.packedGitLimit", "256m"),
    ("core.deltaBaseCacheLimit", "32m"),
    ("core.fsync", "objects,derived-metadata,reference"),
    ("core.fsyncMethod", "fsync"),
    ("core.packedRefsTimeout", "10000"),
    ("core.filesRefLockTimeout", "1000"),
    ("pack.windowMemory", "100m"),
    ("pack.threads", "1"),
    ("core.logAllRefUpdates", "false"),
)
_PROTECTION: Final[tuple[Setting, ...]] = (
    ("core.hooksPath", "/dev/null"),
    *((f"hook.{event}.enabled", "false") for event in _HOOKS),
    ("core.fsmonitor", "false"),
    ("core.alternateRefsCommand", "true"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("core.symlinks", "false"),
    ("core.useReplaceRefs", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.askPass", "/bin/false"),
    ("core.sshCommand", "/bin/false"),
    ("core.gitProxy", "/bin/false"),
    ("core.pager", "cat"),
    ("core.editor", "/bin/false"),
    ("safe.bareRepository", "explicit"),
    ("log.showSignature", "false"),
    ("gpg.program", "/bin/false"),
    ("init.templateDir", ""),
)
SETTINGS: Final = (*_TRANSFER, *_STORAGE, *_PROTECTION)


def settings_of(config: GitConfig) -> list[Setting]:
    """The settings of every command, with those of this installation."""
    speed = ("http.lowSpeedLimit", str(config.low_speed_bytes_per_second))
    patience = ("http.lowSpeedTime", str(config.low_speed_seconds_max))
    authority = [("http.sslCAInfo", str(config.ca_file))] if config.ca_file else []
    return [*SETTINGS, speed, patience, *authority]


def environment(
    config: GitConfig,
    *,
    job_dir: Path,
    settings: Sequence[Setting],
    protocols: Sequence[str] = (),
    writes: bool = False,
) -> dict[str, str]:
    """The whole environment of one git process; without `protocols` it can speak to nobody."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(config.home),
        "TMPDIR": str(job_dir),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        # No repository's own configuration can widen this one.
        "GIT_ALLOW_PROTOCOL": ":".join(protocols) or "none",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "SSH_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": "/bin/false",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "1" if writes else "0",
        "GIT_CEILING_DIRECTORIES": str(config.data_root),
        "GIT_ADVICE": "0",
        # Whatever a later git prefers: we write a quarantine's refs, and know ids of this length.
        "GIT_DEFAULT_HASH": "sha1",
        "GIT_DEFAULT_REF_FORMAT": "files",
        **_counted([*settings_of(config), *settings]),
    }


def _counted(settings: Sequence[Setting]) -> dict[str, str]:
    counted = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        counted[f"GIT_CONFIG_KEY_{number}"] = key
        counted[f"GIT_CONFIG_VALUE_{number}"] = value
    return counted
