"""Installs OPAL's programs, which tests run for real, in an environment of their own; else those tests say so."""

import os
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "opal"
PACKAGES = ("opal-server==0.9.9", "opal-client==0.9.9", "opal-common==0.9.9")
SECONDS_MAX = 300


def program(name: str) -> Path | None:
    """One of OPAL's programs, if it is there."""
    path = FOLDER / "bin" / name
    return path if path.exists() else None


def main() -> int:
    """Install what is missing; never a failure, for the tests tell what they could not try."""
    if program("opal-server") and program("opal-client"):
        return 0
    venv.create(FOLDER, with_pip=True, clear=True)
    python = str(FOLDER / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    if "UV" in os.environ:  # it finds versions that fit together in seconds, where pip takes minutes
        install = [os.environ["UV"], "pip", "install", "--quiet", "--python", python, *PACKAGES]
    try:
        subprocess.run(install, check=False, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        sys.stderr.write("OPAL could not be installed in time.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
