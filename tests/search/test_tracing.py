"""Where files and lines come from, and how two revisions differ, told of real repositories."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.git import PathMissing, RevisionUnknown
from grove.search import Blame, BlameRequest, Difference, DiffRequest, FileLog
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect

STORY = "".join(f"line {number} of the story\n" for number in range(20))


class Told:
    """A mirrored repository, and what it tells."""

    def __init__(self, made: House) -> None:
        self.made = made

    def log(self, path: str, **more: object) -> FileLog:
        return self.made.grove.search.log_file(self.made.admin, repository="story", path=path, **more)  # type: ignore[arg-type]

    def blame(self, path: str, **more: object) -> Blame:
        request = BlameRequest(path=path, **more)  # type: ignore[arg-type]
        return self.made.grove.search.blame_file(self.made.admin, repository="story", request=request)

    def diff(self, before: str, after: str, **more: object) -> Difference:
        request = DiffRequest(before=before, after=after, **more)  # type: ignore[arg-type]
        return self.made.grove.search.diff(self.made.admin, repository="story", request=request)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    root: Path = tmp_path_factory.mktemp("tracing")
    upstream = Repository.new(root / "story.git")
    upstream.commit({"old/name.txt": STORY, "other.txt": "other\n", "empty.txt": ""}, message="begin")
    git(upstream.path, "tag", "v1")
    upstream.commit({"old/name.txt": STORY + "an end\n"}, message="end it")
    upstream.commit({"new/name.txt": STORY + "an end\n"}, deletes=["old/name.txt"], message="move it")
    upstream.commit({"new/name.txt": "a beginning\n" + STORY + "an end\n"}, message="begin it")
    upstream.commit({"odd ü name": "x\n", "*.txt": "star\n"}, message="odd")
    with house(root / "data", local_roots=(root,)) as made:
        connect(made, str(upstream.path), name="story")
        made.work()
        yield Told(made)


class TestTheLogOfAFile:
    def test_goes_on_through_a_rename(self, story: Told) -> None:
        log = story.log("new/name.txt")
        assert [(each.subject, each.path, each.renamed_from) for each in log.commits] == [
            ("begin it", "new/name.txt", None),
            ("move it", "new/name.txt", "old/name.txt"),
            ("end it", "old/name.txt", None),
            ("begin", "old/name.txt", None),
        ]
        assert not log.more

    def test_says_when_there_is_more(self, story: Told) -> None:
        log = story.log("new/name.txt", limit=2)
        assert (len(log.commits), log.more) == (2, True)

    def test_is_of_a_revision(self, story: Told) -> None:
        assert [each.subject for each in story.log("old/name.txt", revision="v1").commits] == ["begin"]

    def test_takes_a_path_as_it_stands(self, story: Told) -> None:
        assert [each.subject for each in story.log("*.txt").commits] == ["odd"]

    def test_of_a_file_that_is_not_there_is_refused(self, story: Told) -> None:
        with pytest.raises(PathMissing):
            story.log("nowhere.txt")


class TestTheBlameOfAFile:
    def test_tells_the_commit_of_each_line(self, story: Told) -> None:
        ranges = story.blame("new/name.txt").ranges
        assert [(each.first_line, each.last_line, each.subject) for each in ranges] == [
            (1, 1, "begin it"),
            (2, 21, "begin"),
            (22, 22, "end it"),
        ]
        assert ranges[1].original_path == "old/name.txt"
        assert ranges[0].lines == ("a beginning",)

    def test_is_of_the_lines_that_are_asked_for(self, story: Told) -> None:
        ranges = story.blame("new/name.txt", first_line=21, last_line=100).ranges
        assert [(each.first_line, each.last_line) for each in ranges] == [(21, 21), (22, 22)]

    def test_of_an_empty_file_is_empty(self, story: Told) -> None:
        assert story.blame("empty.txt").ranges == ()

    @pytest.mark.parametrize("request_", [{"path": "nowhere"}, {"path": "other.txt", "first_line": 2}, {"path": "new"}])
    def test_of_what_is_not_there_is_refused(self, story: Told, request_: dict[str, object]) -> None:
        with pytest.raises(PathMissing):
            story.blame(**request_)  # type: ignore[arg-type]


class TestADifference:
    def test_tells_every_file(self, story: Told) -> None:
        found = story.diff("v1", "main")
        assert {(file.kind, file.old_path, file.path, file.added, file.removed) for file in found.files} == {
            ("renamed", "old/name.txt", "new/name.txt", 2, 0),
            ("added", "odd ü name", "odd ü name", 1, 0),
            ("added", "*.txt", "*.txt", 1, 0),
        }
        assert (found.file_count, found.more) == (3, False)

    def test_shows_the_lines(self, story: Told) -> None:
        (file,) = story.diff("v1", "main", path="*.txt").files
        assert file.patch == ("@@ -0,0 +1 @@", "+star")

    def test_is_told_file_by_file(self, story: Told) -> None:
        found = story.diff("v1", "main", limit=1, offset=1)
        assert (len(found.files), found.file_count, found.more) == (1, 3, True)

    def test_of_an_unknown_revision_is_refused(self, story: Told) -> None:
        with pytest.raises(RevisionUnknown):
            story.diff("v1", "nowhere")
