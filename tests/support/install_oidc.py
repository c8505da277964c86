"""Installs the OpenID provider that tests run for real, where there is npm; without it those tests say so."""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "oidc"
PACKAGE = "oidc-provider@9.13.3"
SECONDS_MAX = 180


def is_there() -> bool:
    """Whether it can be run."""
    return shutil.which("node") is not None and (FOLDER / "node_modules" / "oidc-provider").exists()


def main() -> int:
    """Install what is missing; never a failure, for the tests tell what they could not try."""
    npm = shutil.which("npm")
    if npm is None or is_there():
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(FOLDER)]
    try:
        subprocess.run([*install, PACKAGE], check=False, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        sys.stderr.write("The OpenID provider could not be installed in time.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
