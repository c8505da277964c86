"""The git directory of a checkout: written by hand, whole before anybody sees it, and the user's from then on.

It borrows the objects of the mirror and of the workspace, which are never removed while the workspace is there. Grove
runs no git in it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.checkouts.beneath import folder_beneath, read_file, write_file
from grove.git import ref_bytes
from grove.repositories import address_key

_LITERAL: Final = re.compile(r"[\\*?\[ ]")
_SPARSE: Final = "[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n"
_ORIGIN: Final = re.compile(rb'\[remote "origin"\]\n\turl = "?([^"\\\n]+)"?\n')
"""As it is written here, and by git when it changes the address."""
CONFIG_BYTES_MAX: Final = 64 * 1024
_CONTROL: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFolder:
    """What a checkout's git directory says.

    `refs` are those of the mirror, `golden` is its path, `origin` the forge's address, `upstream` the branch of the
    mirror that the workspace began at, if it did at one.
    """

    branch: str
    head: str
    golden: Path
    objects: tuple[Path, ...]
    origin: str
    refs: Mapping[str, str]
    upstream: str
    user_name: str
    user_email: str


def write_git_folder(
    folder: Path, *, wanted: GitFolder, index: bytes, excluded: Sequence[str] = (), cone: bytes = b""
) -> None:
    """Make a git directory in a folder of files; git does not see the excluded ones, nor miss those out of the cone."""
    git = folder / ".git"
    for name in ("objects/info", "objects/pack", "refs/heads", "info"):
        (git / name).mkdir(parents=True)
    (git / "objects/info/alternates").write_text("".join(f"{path}\n" for path in wanted.objects))
    (git / "HEAD").write_text(f"ref: refs/heads/{wanted.branch}\n")
    branch = git / "refs/heads" / wanted.branch
    branch.parent.mkdir(parents=True, exist_ok=True)
    branch.write_text(f"{wanted.head}\n")
    (git / "packed-refs").write_bytes(_packed(wanted.refs))
    (git / "config").write_text(_config(wanted) + (_SPARSE if cone else ""))
    if cone:
        (git / "info/sparse-checkout").write_bytes(cone)
    rules = "".join(f"/{_LITERAL.sub(_escaped, path)}\n" for path in excluded)
    (git / "info/exclude").write_bytes(rules.encode(errors="surrogateescape"))
    (git / "index").write_bytes(index)


def point_origin(folder: Path, *, origin: str, left: Collection[str]) -> None:
    """Have the remote `origin` be a repository's address of now, if it still is one that the repository has `left`.

    Whatever else its user has made of the git directory stays, and so does an `origin` of theirs. Addresses in `left`
    are spelled for comparing.
    """
    try:
        with folder_beneath(folder, b".git") as git:
            found = read_file(git, b"config", bytes_max=CONFIG_BYTES_MAX)
    except FileNotFoundError:
        return
    told = _ORIGIN.search(found[1]) if found is not None else None
    if found is None or told is None or address_key(told[1].decode(errors="replace")) not in left:
        return
    content = b"".join((found[1][: told.start()], _origin(origin).encode(), found[1][told.end() :]))
    write_file(folder, b".git/config", content, mode=found[0].st_mode)


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _packed(refs: Mapping[str, str]) -> bytes:
    """Branches of the mirror become those of the remote `golden`; tags stay what they are."""
    named = {ref.replace("refs/heads/", "refs/remotes/golden/", 1): oid for ref, oid in refs.items()}
    return b"".join(sorted(b"%s %s\n" % (oid.encode(), ref_bytes(ref)) for ref, oid in named.items()))


def _config(wanted: GitFolder) -> str:
    text = (
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
        # The mirror may have thousands of branches, which a fetch would all tell the other side.
        "\tlogallrefupdates = true\n\talternateRefsCommand = true\n\tuntrackedCache = true\n"
        f"[user]\n\tname = {_quoted(wanted.user_name)}\n\temail = {_quoted(wanted.user_email)}\n"
        f'[remote "golden"]\n\turl = {_quoted(str(wanted.golden))}\n\tfetch = +refs/heads/*:refs/remotes/golden/*\n'
        f"{_origin(wanted.origin)}\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
    )
    if wanted.upstream:
        merge = _quoted(f"refs/heads/{wanted.upstream}")
        text += f'[branch "{wanted.branch}"]\n\tremote = golden\n\tmerge = {merge}\n'
    return text


def _origin(address: str) -> str:
    return f'[remote "origin"]\n\turl = {_quoted(address)}\n'


def _quoted(value: str) -> str:
    return f'"{value.translate(_CONTROL)}"'
