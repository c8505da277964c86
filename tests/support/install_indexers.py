"""Installs the SCIP indexers that tests run for real, where there is npm; without it those tests say so."""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "indexers"
PACKAGES = ("@sourcegraph/scip-python@0.6.6", "@sourcegraph/scip-typescript@0.4.0")
SECONDS_MAX = 180


def program(name: str) -> Path | None:
    """An indexer, if it is there."""
    path = FOLDER / "node_modules" / ".bin" / name
    return path if path.exists() else None


def main() -> int:
    """Install what is missing; never a failure, for the tests tell what they could not try."""
    npm = shutil.which("npm")
    if npm is None or (program("scip-python") and program("scip-typescript")):
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(FOLDER)]
    try:
        subprocess.run([*install, *PACKAGES], check=False, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        sys.stderr.write("The SCIP indexers could not be installed in time.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
