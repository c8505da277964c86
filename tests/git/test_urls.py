"""What is taken for an address, and which network addresses may be connected to. Rows are of the threat table."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.git import (
    AddressRefused,
    Git,
    HostUnreachable,
    Remote,
    UrlCharactersRefused,
    UrlCredentialsRefused,
    UrlHostRefused,
    UrlOptionRefused,
    UrlPathRefused,
    UrlRefused,
    UrlSchemeRefused,
    is_allowed,
    parse_remote_url,
)

REFUSED: list[tuple[str, str, type[UrlRefused]]] = [
    *(
        ("U1", text, UrlSchemeRefused)
        for text in (
            "ext::sh -c touch% /tmp/p",
            "fd::17",
            "foo::bar",
            "git://h/x",
            "http://h/x",
            "ftp://h/x",
            "file:///etc",
            "/abs/path",
            "C:\\x",
            "./x",
            "",
            " https://h/x",
            "https:/h/x",
            "https::https://h/x",
        )
    ),
    *(
        ("U3", text, UrlOptionRefused)
        for text in (
            "--upload-pack=touch /tmp/p",
            "-utouch /tmp/p",
            "--upload-pa=touch",
            "-cprotocol.ext.allow=always",
            "-",
        )
    ),
    ("U4", "ssh://-oProxyCommand=x/y", UrlOptionRefused),
    ("U4", "-oProxyCommand=x:y", UrlOptionRefused),
    ("U4", "ssh://h/-x", UrlOptionRefused),
    ("U4", "user@-h:x", UrlOptionRefused),
    ("U4", "user@h:-x", UrlOptionRefused),
    ("U4", "git@-oProxyCommand=x:y", UrlOptionRefused),
    ("U4", "ssh://git@-oProxyCommand=x/y", UrlOptionRefused),
    ("U4", "ssh://-oProxyCommand=x@h/y", UrlOptionRefused),
    ("U4", "ssh://h:22;id/x", UrlHostRefused),
    ("U4", "ssh://h:0/x", UrlHostRefused),
    ("U4", "ssh://a b@h/x", UrlCharactersRefused),
    ("U4", "ssh://a;b@h/x", UrlHostRefused),
    ("U4", "ssh://@h/x", UrlHostRefused),
    ("U4", "ssh://git:password@h/x", UrlCredentialsRefused),
    ("U4", "ssh://git@h/x?y", UrlCredentialsRefused),
    ("U4", "ssh://git@h/../x", UrlPathRefused),
    ("U4", "ssh://git@h", UrlPathRefused),
    ("U4", "git@h:22/x", UrlSchemeRefused),
    ("U4", "git@h:", UrlSchemeRefused),
    ("U4", "git@h:a\nb", UrlCharactersRefused),
    ("U4", "h:x", UrlSchemeRefused),
    ("U4", "https://-oProxyCommand=x/y", UrlHostRefused),
    ("U4", "https://h:22;id/x", UrlHostRefused),
    *(
        ("U5", text, UrlCredentialsRefused)
        for text in (
            "https://u:hunter2@h/x",
            "https://hunter2@h/x",
            "https://h/x?access_token=hunter2",
            "https://h/x#hunter2",
            "https://@h/x",
            "https://h?hunter2",
        )
    ),
    *(
        ("U6", f"https://h/a{character}b", UrlCharactersRefused)
        for character in (
            *(
                "%0ahost=evil",
                "%0D",
                "%00",
                "%1b[0m",
                "%E2%80%A8",
                "%7f",
                "%c2%85",
                "%ff",
                "%2f",
                "%5c",
                "%25",
                "%zz",
                "%",
            ),
            *(
                "\n",
                "\r",
                "\0",
                "\t",
                " ",
                "\x1b",
                "\u2028",
                "\u202e",
                "\u200c",
                "\ufeff",
                "\ue000",
                "\ud800",
                "\\",
                '"',
            ),
        )
    ),
    *(("U6", f"https://h{character}evil/x", UrlCharactersRefused) for character in "\n\r\0\t \x1b\u2028"),
    ("U6", "https://h%0ahost=evil/x", UrlHostRefused),
    ("U7", "http:///127.0.0.1/x", UrlSchemeRefused),
    ("U7", "https:///127.0.0.1/x", UrlHostRefused),
    *(
        ("U7", f"https://{host}/x", UrlHostRefused)
        for host in (
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "ⓛocalhost",
            "\uff4cocalhost",
            "\uff11\uff12\uff17.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.1",
            "0",
            "1.2.3.4.",
            "256.1.1.1",
            "[::1%eth0]",
            "[::1",
            "::1",
            "[]",
            "a..b",
            "-a.b",
            "a-.b",
            "a_b",
            "h:0",
            "h:65536",
            "h:",
            "h:1:2",
            "a" * 64,
            ".".join(["a" * 60] * 5),
            "ß",
        )
    ),
    ("U7", "https://github.com\\@127.0.0.1/x", UrlCharactersRefused),
    ("U7", "https://github.com@127.0.0.1/x", UrlCredentialsRefused),
    ("P1", "https://h", UrlPathRefused),
    ("P1", "https://h/", UrlPathRefused),
    ("P1", "https://h/a/../b", UrlPathRefused),
    ("P1", "https://h/a/%2e%2e/b", UrlPathRefused),
    ("P1", "https://h/./b", UrlPathRefused),
    ("P1", "https://h/a//b", UrlPathRefused),
    ("P1", "https://h/" + "a" * 3000, UrlRefused),
]


class TestParseRemoteUrl:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [pytest.param(text, reason, id=f"{row}-{text[:60]!a}") for row, text, reason in REFUSED],
    )
    def test_refuses(self, text: str, reason: type[UrlRefused]) -> None:
        with pytest.raises(reason) as refused:
            parse_remote_url(text)
        assert "hunter2" not in str(refused.value)
        assert "hunter2" not in repr(refused.value)

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("https://github.com/org/repo.git", "https://github.com/org/repo.git"),
            ("HTTPS://GitHub.COM:443/Org/Repo/", "https://github.com/Org/Repo"),
            ("https://git.example.org.:8443/a/b", "https://git.example.org:8443/a/b"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
            ("https://h/%7Euser/%6dine", "https://h/~user/mine"),
            ("https://dev.azure.com/o/My%20Project/_git/r", "https://dev.azure.com/o/My%20Project/_git/r"),
            ("https://140.82.112.3/x", "https://140.82.112.3/x"),
            ("https://[2606:50C0:0::153]/x", "https://[2606:50c0::153]/x"),
            ("https://[2606:50c0::153]:8443/x", "https://[2606:50c0::153]:8443/x"),
            ("https://h/-x/--upload-pack=x", "https://h/-x/--upload-pack=x"),
        ],
    )
    def test_brings_an_address_to_one_form(self, text: str, written: str) -> None:
        url = parse_remote_url(text)
        assert url.text == written
        assert parse_remote_url(written) == url

    @given(st.text(max_size=60) | st.text("abc.:/@[]%0-\\?#\u3002x1", max_size=30).map("https://h".__add__))
    def test_either_refuses_or_writes_what_it_reads_again(self, text: str) -> None:
        try:
            url = parse_remote_url(text)
        except UrlRefused:
            return
        assert parse_remote_url(url.text) == url
        assert url.text.isascii()
        assert url.text.isprintable()


class TestIsAllowed:
    @pytest.mark.parametrize(
        "address",
        [
            *("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"),
            *("172.16.0.1", "192.168.1.1", "192.0.0.8", "198.18.0.1", "240.0.0.1", "192.88.99.1"),
            *("::1", "::", "fd00:ec2::254", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "fec0::1", "fe80::1"),
            *("::ffff:127.0.0.1", "::ffff:a00:1", "ff02::1", "2001:db8::1", "2001::1", "100::1", "64:ff9b:1::1"),
        ],
        ids="U8-{}".format,
    )
    def test_refuses_what_is_not_public(self, address: str) -> None:
        assert not is_allowed(ip_address(address))

    @pytest.mark.parametrize("address", ["140.82.112.3", "1.1.1.1", "2606:50c0:8000::153", "::ffff:1.1.1.1"])
    def test_allows_public_addresses(self, address: str) -> None:
        assert is_allowed(ip_address(address))

    def test_allows_what_the_administrator_allows_and_no_more(self) -> None:
        allowed = [ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")]
        assert is_allowed(ip_address("10.1.2.3"), allowed)
        assert is_allowed(ip_address("::ffff:10.1.2.3"), allowed)
        assert is_allowed(ip_address("fd00:1::5"), allowed)
        assert not is_allowed(ip_address("10.2.2.3"), allowed)
        assert not is_allowed(ip_address("fd00:2::5"), allowed)


class TestConnecting:
    @pytest.mark.parametrize(
        "host",
        ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"],
        ids="U8-{}".format,
    )
    def test_is_refused_before_git_is_asked(self, git: Git, host: str) -> None:
        with pytest.raises(AddressRefused):
            git.listing(Remote(url=parse_remote_url(f"https://{host}:1/x")))

    def test_says_when_a_name_is_unknown(self, git: Git) -> None:
        with pytest.raises(HostUnreachable) as unreachable:
            git.listing(Remote(url=parse_remote_url("https://nowhere.invalid/x")))
        assert unreachable.value.transient


class TestAnAddressForSsh:
    @pytest.mark.parametrize(
        ("text", "form"),
        [
            ("git@github.com:acme/pay.git", "ssh://git@github.com/acme/pay.git"),
            ("ssh://GitHub.com/acme/pay", "ssh://git@github.com/acme/pay"),
            ("ssh://forge@git.example.org:2222/a/b", "ssh://forge@git.example.org:2222/a/b"),
            ("ssh://git@h:22/~/x", "ssh://git@h/~/x"),
            ("SSH://git@[::1]/x", "ssh://git@[::1]/x"),
        ],
    )
    def test_has_one_form(self, text: str, form: str) -> None:
        url = parse_remote_url(text)
        assert (url.text, url.is_ssh) == (form, True)
        assert parse_remote_url(url.text) == url
