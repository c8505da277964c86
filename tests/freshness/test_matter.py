"""What has happened is read from what forges have really sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.freshness import Provider, Received
from grove.freshness.matter import Matter, matter_of, paths_of
from grove.freshness.notice import EVENT_HEADERS, Notice, read_notice

RECORDED = [
    (path.stem, each["event"], each["matter"], each["body"])
    for path in sorted((Path(__file__).parent / "recorded").glob("*.json"))
    for each in json.loads(path.read_text())
]
GITHUB = {"repository": {"full_name": "acme/pay", "clone_url": "https://github.com/acme/pay.git"}}


def noticed(provider: str, event: str, body: dict[str, Any]) -> Notice:
    headers = {EVENT_HEADERS[Provider(provider)][0]: event}
    return read_notice(Received(headers=headers, body=json.dumps(body).encode()), provider=Provider(provider))


class TestARecordedDelivery:
    @pytest.mark.parametrize(("provider", "event", "matter", "body"), RECORDED, ids=lambda value: str(value)[:24])
    def test_tells_what_has_happened_and_where(
        self, *, provider: str, event: str, matter: str, body: dict[str, Any]
    ) -> None:
        notice = noticed(provider, event, body)

        assert notice.matter == matter
        assert notice.addresses or notice.paths


class TestAMatter:
    @pytest.mark.parametrize(
        ("event", "told", "matter"),
        [
            ("push", {"ref": "refs/heads/a", "before": "1a", "after": "2b", "forced": True}, Matter.FORCE_PUSHED),
            ("push", {"ref": "refs/heads/a", "before": "1a", "after": "0" * 40}, Matter.BRANCH_DELETED),
            ("push", {"ref": "refs/heads/日本/é", "before": "0" * 64, "after": "2b"}, Matter.BRANCH_CREATED),
            (
                "Tag Push Hook",
                {"object_kind": "tag_push", "ref": "refs/tags/v1", "after": "0" * 40},
                Matter.TAG_DELETED,
            ),
            ("delete", {"ref_type": "branch", "ref": "a"}, Matter.BRANCH_DELETED),
            ("pull_request", {"action": "closed", "pull_request": {"merged": True}}, Matter.PULL_MERGED),
            ("pull_request_review", {"action": "submitted"}, Matter.OTHER),
            ("Merge Request Hook", {"object_attributes": {"action": "merge"}}, Matter.OTHER),
            (
                "Merge Request Hook",
                {"object_kind": "merge_request", "object_attributes": {"action": "merge"}},
                Matter.PULL_MERGED,
            ),
            ("repository", {"action": "archived"}, Matter.ARCHIVED),
            ("repository", {"action": "unarchived"}, Matter.RESTORED),
            ("repository", {"action": "deleted"}, Matter.DELETED),
            ("repository", {"action": "edited"}, Matter.CHANGED),
            ("repo:updated", {"changes": {"is_private": {"old": False, "new": True}}}, Matter.MADE_PRIVATE),
            ("repo:updated", {"changes": {"website": {"new": "x"}}}, Matter.CHANGED),
            ("repo:push", {"push": {"changes": [{"forced": True, "new": {"type": "branch"}}]}}, Matter.FORCE_PUSHED),
            (
                "repo:push",
                {"push": {"changes": [{"created": True, "new": {"type": "tag"}}, {"closed": True}]}},
                Matter.PUSHED,
            ),
            ("workflow_run", {"action": "completed"}, Matter.OTHER),
        ],
    )
    def test_is_told_apart(self, event: str, told: dict[str, Any], matter: Matter) -> None:
        assert matter_of(event, told) is matter

    def test_of_a_rename_names_where_the_repository_was(self) -> None:
        renamed = {**GITHUB, "action": "renamed", "changes": {"repository": {"name": {"from": "cash"}}}}
        moved = {
            **GITHUB,
            "action": "transferred",
            "changes": {"owner": {"from": {"organization": {"login": "before"}}}},
        }

        assert "acme/cash" in paths_of(renamed)
        assert "before/pay" in paths_of(moved)

    @given(
        event=st.sampled_from(
            ["push", "repository", "repo:push", "repo:updated", "pull_request", "pr:merged", "create"]
        ),
        body=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=4),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "changes",
                            "push",
                            "old",
                            "new",
                            "from",
                            "owner",
                            "user",
                            "ref",
                            "action",
                            "pullRequest",
                            "toRef",
                            "repository",
                            "project",
                            "full_name",
                            "name",
                            "object_attributes",
                            "pull_request",
                            "type",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        ).filter(lambda value: isinstance(value, dict)),
    )
    def test_is_read_from_any_object(self, event: str, body: dict[str, Any]) -> None:
        assert isinstance(matter_of(event, body), Matter)
        assert all(isinstance(path, str) for path in paths_of(body))
