"""Secrets among the lines that a change adds, as detect-secrets knows them by their form.

Its guesses by entropy are left out: in a gate, what is mostly wrong is soon switched off.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

from grove.git import HistoryReader

PIECE_CHARACTERS: Final = 4096
OVERLAP_CHARACTERS: Final = 512
"""No secret that is known by its form is longer."""
FOUND_MAX: Final = 20
FOUND_IN_MERGE_MAX: Final = 10_000
"""Most of it has come from the other side, and is not told."""
_DETECTORS: Final = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "IbmCosHmacDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SoftlayerDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
_SETTINGS: Final = {"plugins_used": [{"name": name} for name in _DETECTORS], "filters_used": []}
_HUNK: Final = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)")
_ONE_AT_A_TIME = threading.Lock()
"""The library's settings are those of the process."""


def secrets_in(patches: Iterable[tuple[str, bytes]], *, count_max: int = FOUND_MAX) -> list[str]:
    """Where the patches of files add what looks like a secret, and what it looks like; never the secret itself."""
    found = []
    with _ONE_AT_A_TIME, transient_settings(_SETTINGS):
        for path, patch in patches:
            for number, line in _added(patch):
                kinds = sorted({secret.type for piece in _pieces(line) for secret in scan_line(piece)})
                found += [f"{path}:{number} {kind}" for kind in kinds]
                if len(found) >= count_max:
                    return found
    return found


def secrets_added(history: HistoryReader, commits: Sequence[str]) -> list[str]:
    """What looks like secrets in a line that any of the commits adds, the oldest first.

    Also where a later one takes it out again: whoever has the last commit has the others too. What a merge has from
    one of its parents is not its own.

    :raises RepositoryTooLarge: if a commit's patches are too long to be looked through.
    """
    found: dict[str, None] = {}
    for commit in history.read(list(reversed(commits))):
        first, *others = commit.parents or (None,)
        count_max = FOUND_IN_MERGE_MAX if others else FOUND_MAX
        own = _between(history, first, commit.oid, count_max=count_max)
        for parent in others if own else ():
            beside = set(_between(history, parent, commit.oid, count_max=count_max))
            own = [each for each in own if each in beside]
        found.update(dict.fromkeys(own))
    return list(found)[:FOUND_MAX]


def _between(history: HistoryReader, before: str | None, after: str, *, count_max: int) -> list[str]:
    files = history.differing_files(before, after)
    patches = history.patches(before, after, files=files, context=0)
    paths = (file.path.decode(errors="backslashreplace") for file in files)
    return secrets_in(zip(paths, patches, strict=True), count_max=count_max)


def _pieces(line: str) -> list[str]:
    step = PIECE_CHARACTERS - OVERLAP_CHARACTERS
    return [line[at : at + PIECE_CHARACTERS] for at in range(0, max(len(line), 1), step)]


def _added(patch: bytes) -> Iterator[tuple[int, str]]:
    number: int | None = None
    for line in patch.split(b"\n"):
        if hunk := _HUNK.match(line):
            number = int(hunk[1])
        elif number is not None and line[:1] in {b"+", b" "}:
            if line[:1] == b"+":
                yield number, line[1:].decode(errors="replace")
            number += 1
