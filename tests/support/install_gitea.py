"""Builds Gitea, which tests run for real, from its Go module: `make gitea`. Without it those tests say so.

It takes some minutes, so that nothing else waits for it. Nothing of it is part of Grove.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "gitea"
MODULE = "code.gitea.io/gitea"
VERSION = "v1.26.0"
REPLACED = {
    "github.com/jaytaylor/html2text": "github.com/Necoro/html2text v0.0.0-20250804200300-7bf1ce1c7347",
    "github.com/nektos/act": "gitea.com/gitea/act v0.261.10",
    "github.com/urfave/cli/v3": "github.com/urfave/cli/v3 v3.4.1",
    "go.yaml.in/yaml/v4": "go.yaml.in/yaml/v4 v4.0.0-rc.3",
    "github.com/Azure/azure-sdk-for-go/sdk/azcore": "github.com/Azure/azure-sdk-for-go/sdk/azcore v1.19.0",
    "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob": (
        "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob v1.6.2"
    ),
    "github.com/microsoft/go-mssqldb": "github.com/microsoft/go-mssqldb v1.9.7",
}
"""What Gitea itself has replaced; that holds for a main module only, which is ours here."""
STATIC = ("options", "templates", "public")
"""What the program reads of its own files."""
WHY_NOT = "Gitea is missing: `make gitea` builds it from its Go module, which takes some minutes"


def program() -> Path | None:
    """Gitea, if it has been built."""
    path = FOLDER / "gitea"
    return path if path.exists() else None


def main() -> int:
    """Build it where it is missing; the exit code."""
    if program():
        return 0
    go = shutil.which("go")
    if go is None:
        sys.stderr.write("Gitea is built with Go, which is not here.\n")
        return 1
    build = FOLDER / "build"
    build.mkdir(parents=True, exist_ok=True)
    replaced = "".join(f"replace {name} => {other}\n" for name, other in REPLACED.items())
    (build / "go.mod").write_text(
        f"module forge\n\ngo 1.26.2\n\nrequire {MODULE} {VERSION}\n\n{replaced}\ntool {MODULE}\n"
    )
    _run(go, "mod", "tidy", at=build)
    source = Path(_run(go, "list", "-m", "-f", "{{.Dir}}", MODULE, at=build).strip())
    for name in STATIC:
        shutil.copytree(source / name, FOLDER / "static" / name, dirs_exist_ok=True)
    made = build / "gitea"
    _run(go, "build", "-tags", "sqlite sqlite_unlock_notify", "-o", str(made), MODULE, at=build)
    made.rename(FOLDER / "gitea")
    return 0


def _run(*command: str, at: Path) -> str:
    """Run a command at the least priority: whoever builds it goes on working."""
    nice = ["nice", "-n", "15"] if shutil.which("nice") else []
    done = subprocess.run(
        [*nice, *command], cwd=at, env=dict(os.environ), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
