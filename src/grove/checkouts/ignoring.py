"""What a folder's `.gitignore` files keep out, decided in time that grows with the length of a path alone."""

from typing import Final

from pathspec import GitIgnoreSpec

IGNORE_BYTES_MAX: Final = 128 * 1024
IGNORE_FILES_MAX: Final = 2_000


class Ignored:
    """Decides which paths are ignored, by the rules of the folders above each."""

    def __init__(self) -> None:
        self._rules: dict[bytes, GitIgnoreSpec] = {}

    def add(self, folder: bytes, content: bytes) -> None:
        """Heed the rules that were found in a folder; too many, or too long ones, are not."""
        if len(content) > IGNORE_BYTES_MAX or len(self._rules) >= IGNORE_FILES_MAX:
            return
        lines = content.decode(errors="surrogateescape").splitlines()
        # Compiled by RE2, no pattern can take long, whoever wrote it.
        self._rules[folder] = GitIgnoreSpec.from_lines(lines, backend="re2")

    def covers(self, path: bytes, *, is_folder: bool) -> bool:
        """Whether a path is kept out; nothing below a folder that is kept out needs to be asked about."""
        if not self._rules:
            return False
        folder = path
        while folder:
            folder = folder.rpartition(b"/")[0]
            rules = self._rules.get(folder)
            if rules is None:
                continue
            below = path[len(folder) + 1 :] if folder else path
            told = rules.check_file(below.decode(errors="surrogateescape") + ("/" if is_folder else "")).include
            if told is not None:
                return told
        return False
