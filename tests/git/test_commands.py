"""What may be run, with what environment, and what its complaints mean."""

import os
import signal
from pathlib import Path

import pytest

from grove.git.commands import COMMANDS, words
from grove.git.complaints import clean_lines, error_of
from grove.git.environment import environment
from grove.git.errors import (
    GitFailed,
    HostRefused,
    MemoryExceeded,
    ObjectFormatUnsupported,
    RefLocked,
    RefNameTooLong,
    RepositoryTooLarge,
)
from grove.git.model import GitConfig
from grove.git.refs import check_oid, check_ref, ref_bytes, ref_text
from grove.git.runner import Call, Runner
from grove.kit.errors import GroveError, StorageFull
from grove.sandbox import Finished


class TestWords:
    def test_put_paths_behind_two_dashes(self) -> None:
        asked = words("blame", ["--porcelain", "-L3,9"], ["a" * 40], ["--output=x"])
        assert asked == ["blame", "--porcelain", "-L3,9", "a" * 40, "--", "--output=x"]

    @pytest.mark.parametrize("option", ["-L3", "-L:name", "-L/x/,9", "-L-3,9", "--contents=x"])
    def test_take_ranges_of_lines_by_their_numbers_only(self, option: str) -> None:
        with pytest.raises(ValueError, match="may not be given"):
            words("blame", [option], ["a" * 40], ["x"])

    def test_give_paths_only_to_those_that_take_them(self) -> None:
        with pytest.raises(ValueError, match="may not be given paths"):
            words("ls-tree", ["-z"], ["a" * 40], ["x"])

    def test_put_arguments_behind_the_end_of_options(self) -> None:
        assert words("ls-remote", ["--symref"], ["https://h/x"]) == [
            "ls-remote",
            "--symref",
            "--end-of-options",
            "https://h/x",
        ]

    @pytest.mark.parametrize(
        "argument",
        ["--upload-pack=touch /tmp/p", "-utouch /tmp/p", "--upload-pa=x", "-cprotocol.ext.allow=always", "-", ""],
        ids="U3-{}".format,
    )
    def test_are_refused_when_an_argument_begins_with_a_dash(self, argument: str) -> None:
        with pytest.raises(ValueError, match="arguments"):
            words("ls-remote", [], [argument])

    @pytest.mark.parametrize(
        ("command", "options"),
        [("fetch", ["--upload-pack=x"]), ("fetch", ["--progres"]), ("ls-tree", ["-rt"]), ("init", ["--template"])],
    )
    def test_are_refused_with_an_option_that_is_not_in_the_table(self, command: str, options: list[str]) -> None:
        with pytest.raises(ValueError, match="may not be given"):
            words(command, options, [])

    @pytest.mark.parametrize(
        "command",
        [
            "status",
            "diff",
            "add",
            "commit",
            "checkout",
            "archive",
            "log",
            "am",
            "rebase",
            "submodule",
            "gc",
            "clone",
            "config",
            "-c",
        ],
    )
    def test_are_refused_for_a_command_that_is_not_in_the_table(self, command: str) -> None:
        assert command not in COMMANDS
        with pytest.raises(ValueError, match="not in the table"):
            words(command, [], [])

    def test_are_never_more_than_the_table_says(self) -> None:
        with pytest.raises(ValueError, match="arguments"):
            words("ls-tree", [], ["a", "b"])


class TestEnvironment:
    def test_is_built_from_nothing(self, config: GitConfig, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("GIT_DIR", "GIT_SSH_COMMAND", "GIT_TRACE", "LD_PRELOAD", "http_proxy", "XDG_CONFIG_HOME"):
            monkeypatch.setenv(name, "/evil")
        env = environment(config, job_dir=config.job_root, settings=())
        assert "/evil" not in env.values()
        assert set(os.environ) - set(env)

    def test_allows_no_protocol_unless_it_is_named(self, config: GitConfig) -> None:
        assert environment(config, job_dir=config.job_root, settings=())["GIT_ALLOW_PROTOCOL"] == "none"
        env = environment(config, job_dir=config.job_root, settings=(), protocols=("https",))
        assert env["GIT_ALLOW_PROTOCOL"] == "https"

    def test_ignores_the_configuration_of_the_user(self, config: GitConfig, tmp_path: Path) -> None:
        (config.home / ".gitconfig").write_text("this is not a configuration")
        Runner(config).run(Call(command="init", options=("--bare",), git_dir=tmp_path / "x.git"))
        assert (tmp_path / "x.git" / "HEAD").exists()


class TestCleanLines:
    @pytest.mark.parametrize(
        ("said", "lines"),
        [
            (b"a\r\nb\n\n", ["a", "b"]),
            (b"\x1b[31mred\x1b[0m\x07", ["red"]),
            (b"\x1b]8;;https://evil\x1b\\link\x1b]0;title\x07.", ["link."]),
            ("a\u202eb\x9bc".encode(), ["abc"]),
            (b"\xff\xfe", ["\ufffd\ufffd"]),
            (b"token ghp_0123456789abcdef!", ["token ***!"]),
            (b"at https://u:hunter2@h/x", ["at https://***@h/x"]),
        ],
        ids=lambda value: f"U18-{value!r}"[:40],
    )
    def test_hold_nothing_that_a_terminal_obeys(self, said: bytes, lines: list[str]) -> None:
        assert clean_lines(said) == lines


class TestErrorOf:
    @pytest.mark.parametrize(
        ("said", "exit_code", "error"),
        [
            (b"fatal: sha1 file write error: No space left on device", 128, StorageFull),
            (b"fatal: sha1 file '/x/tmp_pack_Y' write error. Out of diskspace", 128, StorageFull),
            (b"fatal: cannot update ref 'refs/x': couldn't write '/x/refs/x.lock'", 128, StorageFull),
            (b"error: index-pack died of signal 25\nfatal: index-pack failed", 128, RepositoryTooLarge),
            (b"", -signal.SIGXFSZ, RepositoryTooLarge),
            (b"fatal: Out of memory, malloc failed (tried to allocate 99 bytes)", 128, MemoryExceeded),
            (b"", -signal.SIGKILL, MemoryExceeded),
            (b"fatal: mismatched algorithms: client sha1; server sha256", 128, ObjectFormatUnsupported),
            (b"fatal: remote error: \x1b[1mrepository not exported", 128, HostRefused),
            (b"fatal: remote error: No space left on device", 128, HostRefused),
            (b"error: cannot lock ref 'refs/heads/%s': Unable to" % (b"y" * 251), 1, RefNameTooLong),
            (b"fatal: cannot lock ref 'refs/heads/x': Unable to create 'x.lock': File exists.", 128, RefLocked),
            (b"remote: fatal: No space left on device\nfatal: never heard of", 128, GitFailed),
        ],
    )
    def test_names_the_cause(self, said: bytes, exit_code: int, error: type[GroveError]) -> None:
        finished = Finished(pid=1, exit_code=exit_code, stdout=b"", stderr=said, stopped=None, seconds=0)
        assert type(error_of("fetch", finished)) is error

    def test_bounds_what_it_repeats(self) -> None:
        finished = Finished(pid=1, exit_code=1, stdout=b"", stderr=b"fatal: " + b"x" * 10_000, stopped=None, seconds=0)
        assert len(str(error_of("fetch", finished))) < 1000


class TestRefNames:
    @pytest.mark.parametrize(
        "name", [b"refs/heads/\xff\xfe", "refs/heads/ü☃".encode(), b"refs/heads/\xc3", b"refs/heads/a"]
    )
    def test_can_be_shown_and_told_back(self, name: bytes) -> None:
        text = ref_text(name)
        assert ref_bytes(text) == name
        assert text.encode() == text.encode("utf-8", "strict")
        assert check_ref(text) == text

    @pytest.mark.parametrize(
        "name",
        [
            *(
                "main",
                "refs/heads/",
                "refs/heads/a b",
                "refs/heads/a\nb",
                "refs/heads/a..b",
                "refs/heads/.a",
                "refs/heads/a.",
            ),
            *(
                "refs/heads/a.lock",
                "refs/heads/a.lock/b",
                "refs/heads//a",
                "refs/heads/a~1",
                "refs/heads/a\\b",
                "refs/heads/@{",
            ),
            *("refs/heads/\\x0a", "refs/heads/\\x41", "refs/heads/" + "a" * 2000, "refs/heads/a\0", "refs/heads/*"),
        ],
    )
    def test_are_refused_when_git_would_not_have_them(self, name: str) -> None:
        with pytest.raises(GroveError):
            check_ref(name)

    @pytest.mark.parametrize("oid", ["", "HEAD", "0" * 39, "0" * 41, "G" * 40, "-" * 40, "A" * 40])
    def test_are_told_from_ids(self, oid: str) -> None:
        with pytest.raises(GroveError):
            check_oid(oid)
