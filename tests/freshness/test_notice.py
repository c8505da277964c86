"""Reading deliveries: whatever a forge adds, the repository is found; whatever an attacker sends, nothing breaks."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.freshness import DeliveryMalformed, Provider, Received
from grove.freshness.hook import is_signed
from grove.freshness.notice import read_notice
from tests.freshness.deliveries import body_of, content_of, headers_of

ADDRESS = "https://git.example.org/acme/Pay.git"
KEY = "https://git.example.org/acme/pay"
SECRET = "whsec_0123456789"

every_provider = pytest.mark.parametrize("provider", list(Provider), ids=str)


def received(content: bytes, headers: dict[str, str] | None = None) -> Received:
    return Received(headers={name.lower(): value for name, value in (headers or {}).items()}, body=content)


class TestANotice:
    @every_provider
    def test_names_the_repository_and_the_delivery(self, provider: Provider) -> None:
        content = content_of(body_of(provider, ADDRESS))

        notice = read_notice(
            received(content, headers_of(provider, content, secret=SECRET, delivery="d-1")), provider=provider
        )

        assert KEY in notice.addresses
        assert notice.delivery == "d-1"
        assert "push" in notice.event.lower()
        assert not notice.is_calm

    def test_tells_the_action_of_an_event(self) -> None:
        body = {"action": "renamed", "repository": {"clone_url": ADDRESS}}

        notice = read_notice(received(content_of(body), {"X-GitHub-Event": "repository"}), provider=Provider.GITHUB)

        assert notice.event == "repository.renamed"

    def test_is_read_from_a_form_too(self) -> None:
        form = urlencode({"payload": json.dumps(body_of(Provider.GITHUB, ADDRESS))}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}

        assert KEY in read_notice(received(form, headers), provider=Provider.GITHUB).addresses

    def test_of_a_bitbucket_server_names_its_clone_addresses(self) -> None:
        body = {
            "repository": {"links": {"clone": [{"href": ADDRESS, "name": "http"}], "self": [{"href": "https://x/y"}]}}
        }

        assert KEY in read_notice(received(content_of(body)), provider=Provider.BITBUCKET).addresses

    def test_of_a_ping_is_calm(self) -> None:
        headers = {"X-GitHub-Event": "ping"}

        assert read_notice(received(b'{"zen": "Keep it simple."}', headers), provider=Provider.GITHUB).is_calm

    @pytest.mark.parametrize("content", [b"", b"[]", b"7", b"{", b"\xff\xfe", b"[" * 100_000])
    def test_of_something_else_is_refused(self, content: bytes) -> None:
        with pytest.raises(DeliveryMalformed):
            read_notice(received(content), provider=Provider.GITHUB)

    @every_provider
    @given(
        body=st.dictionaries(
            st.sampled_from(["repository", "project", "action", "links", "url"]),
            st.recursive(
                st.none() | st.integers() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["links", "clone", "html", "href", "url", "clone_url"]), inner, max_size=3
                    )
                ),
                max_leaves=8,
            ),
        )
    )
    def test_is_read_from_any_object(self, provider: Provider, body: dict[str, object]) -> None:
        assert all(
            isinstance(address, str) for address in read_notice(received(content_of(body)), provider=provider).addresses
        )


class TestASignature:
    @every_provider
    def test_is_accepted_when_it_is_the_forges(self, provider: Provider) -> None:
        content = content_of(body_of(provider, ADDRESS))
        headers = headers_of(provider, content, secret=SECRET, delivery="1")

        assert is_signed(received(content, headers), provider=provider, secret=SECRET)

    @every_provider
    @pytest.mark.parametrize(
        "spoilt",
        ["missing", "empty", "short", "upper-case", "other secret", "non-ascii"],
    )
    def test_is_refused_when_it_is_not(self, provider: Provider, spoilt: str) -> None:
        content = content_of(body_of(provider, ADDRESS))
        headers = headers_of(provider, content, secret=SECRET, delivery="1")
        others = headers_of(provider, content, secret="whsec_other", delivery="1")
        name = next(name for name in headers if "ignature" in name or "Token" in name)
        headers[name] = {
            "missing": "",
            "empty": "sha256=",
            "short": headers[name][:-1],
            "upper-case": headers[name].upper(),
            "other secret": others[name],
            "non-ascii": "sha256=é",
        }[spoilt]

        assert not is_signed(received(content, headers), provider=provider, secret=SECRET)

    @pytest.mark.parametrize("provider", [each for each in Provider if each is not Provider.GITLAB], ids=str)
    def test_is_over_the_bodys_own_bytes(self, provider: Provider) -> None:
        content = content_of(body_of(provider, ADDRESS))
        headers = headers_of(provider, content, secret=SECRET, delivery="1")

        assert not is_signed(received(content + b" ", headers), provider=provider, secret=SECRET)

    def test_by_sha1_alone_is_refused(self) -> None:
        content = content_of(body_of(Provider.GITHUB, ADDRESS))

        assert not is_signed(
            received(content, {"X-Hub-Signature": "sha1=" + "0" * 40}), provider=Provider.GITHUB, secret=SECRET
        )
