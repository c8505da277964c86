"""Where the processes of one server leave what the others must know."""

import shutil
from pathlib import Path

from grove.placement.locator import Locator


class ProcessPlaces:
    """Makes the paths of what the processes of one data folder share."""

    def __init__(self, locator: Locator) -> None:
        self._folder = locator.data / "processes"

    def prepare(self) -> None:
        """Begin anew: an earlier server's processes are gone."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.measures.mkdir(parents=True)

    @property
    def measures(self) -> Path:
        """What each process has measured, for whichever of them is asked."""
        return self._folder / "measures"

    @property
    def worker_missing(self) -> Path:
        """A file that is there while a worker has died and is not replaced yet."""
        return self._folder / "worker-missing"

    @property
    def bell(self) -> Path:
        """What workers hear when there is a job."""
        return self._folder / "bell"
