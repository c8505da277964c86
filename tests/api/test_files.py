"""Reading folders and files at any commit."""

from tests.api.conftest import FILES, Door


class TestTree:
    def test_lists_a_folder(self, shared: Door, payments: str) -> None:
        tree = shared.admin.get(f"/api/v1/repositories/{payments}/tree").json()

        assert {item["path"]: item["kind"] for item in tree["items"]} == {
            "README.md": "file",
            "bin": "folder",
            "src": "folder",
        }
        assert tree["more"] is False

    def test_says_when_there_is_more(self, shared: Door, payments: str) -> None:
        tree = shared.admin.get(f"/api/v1/repositories/{payments}/tree", params={"depth": 2, "limit": 3}).json()

        assert len(tree["items"]) == 3
        assert tree["more"] is True

    def test_knows_no_folder_that_is_not_there(self, shared: Door, payments: str) -> None:
        for path in ("nowhere", "../..", "README.md"):
            refused = shared.admin.get(f"/api/v1/repositories/{payments}/tree", params={"path": path})
            assert refused.status_code == 404
            assert refused.json()["code"] == "path_missing"


class TestFiles:
    def test_gives_lines(self, shared: Door, payments: str) -> None:
        file = shared.admin.get(
            f"/api/v1/repositories/{payments}/files", params={"path": "src/retry.py", "start_line": 2, "end_line": 3}
        ).json()

        assert file["lines"] == ["    for wait in (1, 2, 4):", "        function(wait)"]
        assert (file["start_line"], file["end_line"], file["line_count"], file["more"]) == (2, 3, 4, True)
        assert (file["language"], file["binary"]) == ("python", False)

    def test_gives_none_of_a_binary_file(self, shared: Door, payments: str) -> None:
        file = shared.admin.get(f"/api/v1/repositories/{payments}/files", params={"path": "bin/blob"}).json()

        assert (file["binary"], file["lines"], file["size_bytes"]) == (True, [], 3)

    def test_gives_none_beyond_the_end(self, shared: Door, payments: str) -> None:
        file = shared.admin.get(
            f"/api/v1/repositories/{payments}/files", params={"path": "README.md", "start_line": 99}
        ).json()

        assert (file["lines"], file["more"]) == ([], False)

    def test_numbers_lines_as_git_does(self, door: Door) -> None:
        door.upstream.commit({"odd.txt": "one\x0cstill one\u2028still one\r\ntwo\n"})
        identifier = door.connect_ready()

        file = door.admin.get(f"/api/v1/repositories/{identifier}/files", params={"path": "odd.txt"}).json()

        assert file["line_count"] == 2

    def test_knows_older_commits(self, door: Door) -> None:
        old = door.upstream.refs()["refs/heads/main"]
        door.upstream.commit({"README.md": "changed\n"})
        identifier = door.connect_ready()

        def text(rev: str) -> str:
            path = f"/api/v1/repositories/{identifier}/raw"
            return door.admin.get(path, params={"path": "README.md", "rev": rev}).text

        assert (text(old), text(old[:8]), text("main")) == (FILES["README.md"], FILES["README.md"], "changed\n")

    def test_knows_no_revision_that_is_not_there(self, shared: Door, payments: str) -> None:
        for rev in ("nowhere", "0" * 40, "--output=x", "main~1", "main:README.md"):
            refused = shared.admin.get(
                f"/api/v1/repositories/{payments}/files", params={"path": "README.md", "rev": rev}
            )
            assert refused.status_code in {404, 422}, rev
            assert refused.json()["code"] in {"revision_unknown", "ref_refused"}


class TestRaw:
    def test_is_bytes_to_be_saved_and_never_a_page(self, shared: Door, payments: str) -> None:
        answer = shared.admin.get(f"/api/v1/repositories/{payments}/raw", params={"path": "src/<script>.html"})

        assert answer.text == FILES["src/<script>.html"]
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%3Cscript%3E.html"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"

    def test_is_for_ever_at_a_full_commit_alone(self, shared: Door, payments: str) -> None:
        path = f"/api/v1/repositories/{payments}/raw"
        moving = shared.admin.get(path, params={"path": "README.md", "rev": "main"})
        fixed = shared.admin.get(path, params={"path": "README.md", "rev": moving.headers["x-grove-commit"]})

        assert moving.headers["cache-control"] == "private, no-cache"
        assert fixed.headers["cache-control"] == "private, max-age=31536000, immutable"

    def test_is_not_sent_twice(self, shared: Door, payments: str) -> None:
        path = f"/api/v1/repositories/{payments}/raw"
        first = shared.admin.get(path, params={"path": "README.md"})
        second = shared.admin.get(
            path, params={"path": "README.md"}, headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'}
        )

        assert second.status_code == 304
        assert second.content == b""
        assert second.headers["etag"] == first.headers["etag"]

    def test_is_not_there_before_the_mirror_is(self, door: Door) -> None:
        identifier = door.connect()["repository"]["id"]

        refused = door.admin.get(f"/api/v1/repositories/{identifier}/raw", params={"path": "README.md"})

        assert refused.status_code == 409
        assert refused.json()["code"] == "mirror_absent"
