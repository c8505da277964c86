"""Installs the tools beside Grove into .venv/peers, and says which of them cannot be had.

zoekt is built by Go, from the module proxy or from the git repository that ZOEKT names; the others are Debian packages.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed.peers import BIN, program

ZOEKT = "github.com/sourcegraph/zoekt"
COMMANDS = ("zoekt-index", "zoekt-git-index", "zoekt-webserver")
PACKAGES = {"rg": "ripgrep", "csearch": "codesearch"}


def main() -> int:
    """Install what is missing."""
    for name, package in PACKAGES.items():
        if program(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
            _did(["apt-get", "install", "--yes", "--quiet", package])
        print(f"{package}: {program(name) or 'not installed: it takes the Debian package, and root'}")
    BIN.mkdir(parents=True, exist_ok=True)
    if any(program(command) is None for command in COMMANDS):
        _install_zoekt()
    for command in COMMANDS:
        print(
            f"{command}: {program(command) or 'not installed: it takes Go, and the module proxy or ZOEKT=REPOSITORY'}"
        )
    return 0


def _install_zoekt() -> None:
    if shutil.which("go") is None:
        return
    if _did(["go", "install", *(f"{ZOEKT}/cmd/{command}@latest" for command in COMMANDS)]):
        return
    with tempfile.TemporaryDirectory(prefix="zoekt-") as folder:
        source = os.environ.get("ZOEKT", f"https://{ZOEKT}")
        if _did(["git", "clone", "--quiet", "--depth", "1", source, folder]):
            _did(["go", "install", *(f"./cmd/{command}" for command in COMMANDS)], cwd=Path(folder))


def _did(command: Sequence[str], cwd: Path | None = None) -> bool:
    environment = {**os.environ, "GOBIN": str(BIN.resolve())}
    return subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
