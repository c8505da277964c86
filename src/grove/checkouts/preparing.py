"""Preparing a folder: files are brought along, and a command is run in it, confined."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grove.checkouts.beneath import folder_beneath, write_file
from grove.checkouts.executing import Said
from grove.checkouts.listing import FILE
from grove.checkouts.preparation import Preparation, SetUp, SetUpState
from grove.kit.errors import GroveError
from grove.sandbox import Bounds, Confinement, Confiner

LOG_CHARACTERS_KEPT: Final = 8_000
_MB: Final = 1024 * 1024
_OUTPUT_BYTES_MAX: Final = 64 * _MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparer:
    """Prepares folders of one repository; `readable` is what they borrow from."""

    confiner: Confiner
    preparation: Preparation
    readable: Sequence[Path]

    def prepare(self, files: Path) -> SetUp:
        """Bring files along and run the command; how it went. Whatever goes wrong is told and not raised."""
        if self.preparation.is_nothing:
            return SetUp()
        brought, not_brought = self._bring(files)
        done = SetUp(
            state=SetUpState.SUCCEEDED, digest=self.preparation.digest, brought=brought, not_brought=not_brought
        )
        return self._run(files.resolve(), done) if self.preparation.set_up else done

    def _bring(self, files: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        brought, not_brought = [], {}
        for path, text in self.preparation.files.items():
            raw = path.encode(errors="surrogateescape")
            try:
                if _is_there(files, raw):
                    not_brought[path] = "it is there already"
                    continue
                write_file(files, raw, text.encode(errors="surrogateescape"), mode=FILE)
                brought.append(path)
            except OSError as error:
                not_brought[path] = f"it cannot be written: {error.strerror}"
        return tuple(brought), not_brought

    def _run(self, files: Path, done: SetUp) -> SetUp:
        said = Said()
        confinement = Confinement(
            argv=["/bin/sh", "-c", self.preparation.set_up],
            cwd=files,
            readable=self.readable,
            writable=[files],
            network=self.preparation.network,
            on_stdout=said.add,
            on_stderr=said.add,
            bounds=Bounds(
                seconds_max=self.preparation.seconds_max,
                cpu_seconds_max=int(self.preparation.seconds_max) * 4 + 1,
                memory_bytes_max=4_096 * _MB,
                processes_max=256,
                file_bytes_max=2_048 * _MB,
                stdout_bytes_max=_OUTPUT_BYTES_MAX,
                stderr_bytes_max=_OUTPUT_BYTES_MAX,
            ),
        )
        try:
            outcome = self.confiner.confine(confinement)
        except GroveError as error:
            return replace(done, state=SetUpState.FAILED, reason=str(error))
        log = said.content.decode(errors="replace")[-LOG_CHARACTERS_KEPT:]
        done = replace(done, log=log, seconds=round(outcome.seconds, 3))
        if outcome.stopped is not None:
            return replace(done, state=SetUpState.FAILED, reason=f"it was stopped: {outcome.stopped}")
        if outcome.exit_code != 0:
            return replace(done, state=SetUpState.FAILED, reason=f"it ended with exit code {outcome.exit_code}")
        return done


def _is_there(files: Path, path: bytes) -> bool:
    parent, _, name = path.rpartition(b"/")
    try:
        with folder_beneath(files, parent) as folder:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
