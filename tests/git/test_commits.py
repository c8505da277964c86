"""Commits are read by a parser of our own, which nothing surprises (row C17)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.git import Git, RepositoryCorrupt
from grove.git.history import parse_commit
from tests.support.git_repositories import Repository

TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def commit(author: bytes, *, extra: bytes = b"", message: bytes = b"subject\n\nbody\n") -> bytes:
    return b"tree %s\nauthor %s\ncommitter %s\n%s\n%s" % (TREE.encode(), author, author, extra, message)


class TestParseCommit:
    @pytest.mark.parametrize(
        ("line", "name", "email", "moment"),
        [
            (b"Ada <a@b> 1700000000 +0100", "Ada", "a@b", "2023-11-14T23:13:20+01:00"),
            (b"x\x1b]0; <a@b> 1 +0000", "x\x1b]0;", "a@b", "1970-01-01T00:00:01+00:00"),
            (b"Ada <a@b> 9223372036854775808 +0000", "Ada", "a@b", "9999-12-31T00:00:00+00:00"),
            (b"Ada <a@b> 99999999999999999999999999 +0000", "Ada", "a@b", "9999-12-31T00:00:00+00:00"),
            (b"Ada <a@b> -5 +0000", "Ada", "a@b", "1970-01-01T00:00:00+00:00"),
            (b"Ada <a@b> 0 +9999", "Ada", "a@b", "1970-01-01T14:00:00+14:00"),
            (b"Ada <a@b> 0 -0530", "Ada", "a@b", "1969-12-31T18:30:00-05:30"),
            (b"Ada <a@b>", "Ada", "a@b", "1970-01-01T00:00:00+00:00"),
            (b"Ada", "Ada", "", "1970-01-01T00:00:00+00:00"),
            (b"<> 1 +0000", "", "", "1970-01-01T00:00:01+00:00"),
            (b"\xff <\xfe> 1 +0000", "\ufffd", "\ufffd", "1970-01-01T00:00:01+00:00"),
            (b"", "", "", "1970-01-01T00:00:00+00:00"),
        ],
        ids=lambda value: f"C17-{value!r}"[:30] if isinstance(value, bytes) else "",
    )
    def test_clamps_and_escapes(self, *, line: bytes, name: str, email: str, moment: str) -> None:
        author = parse_commit("1" * 40, commit(line)).author
        assert (author.name, author.email, author.at.isoformat()) == (name, email, moment)

    def test_heeds_the_encoding_and_survives_a_false_one(self) -> None:
        for encoding, message, read in (
            (b"ISO-8859-1", b"gr\xfc\xdfe", "grüße"),
            (b"utf-16-nonsense", b"abc", "abc"),
            (b"\xff", b"abc", "abc"),
            (b"base64", b"abc", "abc"),
            (b"idna", b"abc", "abc"),
            (b"unicode_escape", b"\\N{SNOWMAN", "\\N{SNOWMAN"),
        ):
            parsed = parse_commit(
                "1" * 40, commit(b"A <a> 1 +0000", extra=b"encoding %s\n" % encoding, message=message)
            )
            assert parsed.subject == read

    def test_is_not_misled_by_headers_of_many_lines(self) -> None:
        signature = b"gpgsig -----BEGIN\n tree 000\n parent 111\n -----END\nmergetag object 1\n"
        parsed = parse_commit("1" * 40, commit(b"A <a> 1 +0000", extra=signature))
        assert (parsed.tree, parsed.parents, parsed.subject) == (TREE, (), "subject")

    def test_refuses_what_is_no_commit(self) -> None:
        with pytest.raises(RepositoryCorrupt):
            parse_commit("1" * 40, b"nothing of the sort")

    @given(st.binary(max_size=300), st.binary(max_size=100))
    def test_survives_anything(self, author: bytes, encoding: bytes) -> None:
        try:
            parsed = parse_commit("1" * 40, commit(author, extra=b"encoding " + encoding + b"\n"))
        except RepositoryCorrupt:
            return
        parsed.subject.encode()
        assert datetime(1969, 12, 30, tzinfo=UTC) < parsed.author.at


class TestListCommits:
    def test_c17_is_not_stopped_by_an_odd_commit(self, git: Git, upstream: Repository) -> None:
        people = b"author x\x1b]0; <a@b> 9223372036854775808 +9999\ncommitter <<<\nencoding no\n"
        odd = upstream.write_commit(upstream.write_tree([]), extra=people, message=b"m" * 3_000_000)
        last = upstream.write_commit(upstream.write_tree([]), parents=[odd])
        commits = git.history(upstream.path).commits(last, limit=10)
        assert [commit.oid for commit in commits] == [last, odd]
        assert len(commits[1].message) < 70_000
