"""Installs the servers that tests run for real, from the machine's packages, where they are not there yet."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {"postgres": "postgresql", "openssl": "openssl", "redis-server": "redis-server"}


def find(program: str) -> str | None:
    """The path of a server program, which may be outside of the search path."""
    folders = [str(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(program, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))


def main() -> int:
    """Install what is missing; the exit code."""
    missing = [package for program, package in PACKAGES.items() if find(program) is None]
    if not missing:
        return 0
    if shutil.which("apt-get") is None:
        sys.stderr.write(f"The tests need these programs; install them by hand: {', '.join(missing)}\n")
        return 1
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "-n", "apt-get"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update", "-qq"], check=True, env=environment)
    subprocess.run([*apt, "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, env=environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
