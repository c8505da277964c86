"""Opening pull requests at forges, and following them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from grove.credentials import normal_host
from grove.forges.adapters import ADAPTERS
from grove.forges.answers import ForgeAccess, Question, Told, put_question
from grove.forges.errors import (
    ForgeCredentialRejected,
    ForgeRefused,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
    PullsUnsupported,
)
from grove.forges.model import ForgeRemote, fits, repository_path
from grove.forges.pull import Check, Invitation, Pull, PullDraft
from grove.forges.pull_adapters import PULL_ADAPTERS, checks_of
from grove.forges.reviews import DIALECTS, ask_reviews
from grove.kit.logging import logger

PAGES_MAX: Final = 20
_log = logger(__name__)


class PullDesk:
    """The pull requests of one repository at its forge; nothing of it may run in a transaction.

    :raises PullsUnsupported: if the repository's host has none that we can open.
    :raises ForgeCredentialRejected: if the credential opens git but not the API.
    """

    def __init__(self, remote: ForgeRemote, *, access: ForgeAccess) -> None:
        adapter, host = ADAPTERS.get(remote.forge), normal_host(remote.host)
        root = (access.api_roots.get(host) or adapter.api_root(host)) if adapter else None
        if adapter is None or root is None or not fits(remote.forge, remote.path):
            raise PullsUnsupported(host=host, forge=remote.forge)
        self._forge = remote.forge
        self._adapter = PULL_ADAPTERS[remote.forge]
        self._authorization = adapter.authorization(remote.secret) if remote.secret else None
        if remote.secret is not None and self._authorization is None:
            raise ForgeCredentialRejected(host=host, reason="a pull request is opened with a token for the API")
        self._root = root
        self._host = host
        self._path = repository_path(remote.path)
        self._access = access

    def settle(self, draft: PullDraft) -> Pull:
        """The open pull request of the branch, made what is wished; it is opened if there is none.

        :raises ForgeRefused: if the forge opens none.
        """
        if found := self.find(draft.branch, target=draft.target):
            return self._told(self._adapter.update(self._path, found, draft))
        try:
            return self._told(self._adapter.open(self._path, draft))
        except ForgeRefused:
            # Somebody may have been quicker.
            if found := self.find(draft.branch, target=draft.target):
                return found
            raise

    def find(self, branch: str, *, target: str) -> Pull | None:
        """The open pull request of a branch, if there is one: that into `target` before others."""
        pulls = self._listed(self._adapter.find(self._path, branch=branch))
        ours = [pull for pull in pulls if pull.branch == branch and not pull.is_foreign]
        return next((pull for pull in ours if pull.target == target), ours[0] if ours else None)

    def show(self, number: int) -> Pull:
        """How a pull request is.

        :raises ForgeRepositoryNotFound: if there is none of that number.
        """
        return self._told(self._adapter.show(self._path, number))

    def checks(self, commit: str) -> list[Check]:
        """What is said of a commit; what the credential may not see is left out."""
        found: list[Check] = []
        for question in self._adapter.checks(self._path, commit):
            try:
                for page in self._pages(question):
                    found += checks_of(page)
            except (ForgeCredentialRejected, ForgeRepositoryNotFound):
                continue
        return list({check.name: check for check in reversed(found)}.values())[::-1]

    def invite(self, number: int, *, people: Sequence[str], teams: Sequence[str]) -> Invitation:
        """Ask for reviews; who could not be asked is told of, and never an error."""
        dialect = DIALECTS[self._forge]
        return ask_reviews(dialect, self._path, number, people=people, teams=teams, put=self._put)

    def open_ones(self) -> list[Pull]:
        """The open pull requests; of more than `PAGES_MAX` pages of them, those that come first."""
        return self._listed(self._adapter.listed(self._path))

    def _listed(self, question: Question) -> list[Pull]:
        found: dict[int, Pull] = {}
        for page in self._pages(question):
            listed = page.get("values") if isinstance(page, dict) else page
            # What is opened meanwhile moves others to the next page, where they come again.
            found |= {pull.number: pull for pull in map(self._parsed, listed or [])}
        return list(found.values())

    def _pages(self, question: Question) -> Iterator[Any]:
        """Page after page of a list, each by its number."""
        mark = "&" if "?" in question.resource else "?"
        for number in range(1, PAGES_MAX + 1):
            resource = f"{question.resource}{mark}page={number}" if number > 1 else question.resource
            told = self._put(Question(resource=resource))
            yield told.document
            if not told.has_more:
                return
        _log.warning("forge_pages_left", host=self._host, pages=PAGES_MAX)

    def _told(self, question: Question) -> Pull:
        return self._parsed(self._ask(question))

    def _parsed(self, told: Any) -> Pull:
        try:
            return self._adapter.pull(told)
        except (KeyError, TypeError, AttributeError) as error:
            raise ForgeUnavailable(reason="not a pull request") from error

    def _ask(self, question: Question) -> Any:
        return self._put(question).document

    def _put(self, question: Question) -> Told:
        return put_question(self._root, question, authorization=self._authorization, access=self._access)
