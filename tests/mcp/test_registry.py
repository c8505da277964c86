"""What an agent learns of repositories and of background work."""

import re

from grove.repositories import list_repositories, request_sync
from tests.mcp.client import Tools
from tests.support.grove import House

PAYMENTS = "git.example.org/acme/payments"


class TestListRepos:
    def test_tells_state_commit_age_and_coverage(self, tools: Tools) -> None:
        answer = tools.call("list_repos", query="payments")

        assert re.fullmatch(
            rf"{PAYMENTS}  ready  main@[0-9a-f]{{10}}  indexed \d+ min ago  6 of 10 files  also next", answer.lines[0]
        )
        assert answer.truth == "1 repository shown · these are all"

    def test_goes_on_where_a_page_ended(self, tools: Tools) -> None:
        first = tools.call("list_repos", limit=2)
        cursor = first.truth.partition("next cursor=")[2]
        second = tools.call("list_repos", limit=2, cursor=cursor)

        assert [line.split("  ")[0] for line in first.lines + second.lines] == [
            PAYMENTS,
            "git.example.org/acme/web",
            "git.example.org/other/hostile",
        ]
        assert "these are the last" in second.truth

    def test_gives_fewer_when_no_more_fit(self, tools: Tools) -> None:
        answer = tools.call("list_repos", max_tokens=500)

        assert 1 <= len(answer.lines) <= 3

    def test_keeps_to_a_state(self, tools: Tools) -> None:
        assert tools.call("list_repos", status="needs_approval").lines == ["(none)"]
        assert len(tools.call("list_repos", status="ready").lines) == 3


class TestJobStatus:
    def test_tells_of_the_jobs_of_a_repository(self, tools: Tools) -> None:
        answer = tools.call("job_status", repo="payments")

        assert answer.lines[0] == f"{PAYMENTS}  ready"
        assert [line.split("  ")[1:] for line in answer.lines[1:]] == [
            ["history.index", "succeeded"],
            ["snapshot.index", "succeeded"],
            ["mirror.sync", "succeeded"],
        ]
        assert answer.truth == "No job goes on. It can be searched and read."

    def test_tells_of_one_job(self, tools: Tools) -> None:
        job = tools.call("job_status", repo="payments").lines[1].split("  ")[0].removeprefix("job ")

        answer = tools.call("job_status", job_id=job)

        assert answer.lines == [f"job {job}  history.index  succeeded"]
        assert answer.truth == "It is done."

    def test_waits_no_longer_than_asked_and_says_how_to_go_on(self, tools: Tools, made: House) -> None:
        with made.grove.database.reading() as tx:
            web = next(r for r in list_repositories(tx, actor=made.admin) if r.name.endswith("web"))
        with made.grove.database.transaction() as tx:
            request_sync(tx, actor=made.admin, repository_id=web.id, now=made.now)

        answer = tools.call("job_status", repo="web", wait_s=1)
        made.work()

        assert "mirror.sync  queued" in answer.lines[1]
        assert re.search(r'To wait for it: job_status\(job_id="[0-9a-f-]{36}", wait_s=20\)', answer.truth)

    def test_sends_to_a_repository_when_there_is_no_such_job(self, tools: Tools) -> None:
        assert 'Call job_status(repo="...")' in tools.call("job_status", job_id="812").error
