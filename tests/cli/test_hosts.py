import stat
from pathlib import Path

import pytest

from grove.cli.failure import Exit, Failure
from grove.cli.hosts import Host, Hosts, normal_url

ONE = Host(url="https://one.example.org", token="grove_one", user="ada")
TWO = Host(url="https://two.example.org", token="grove_two", user="bo")


class TestHosts:
    def test_use_the_one_signed_in_to_last(self, tmp_path: Path) -> None:
        hosts = Hosts(tmp_path / "config")
        hosts.remember(ONE)
        hosts.remember(TWO)

        assert hosts.find(None) == TWO
        assert hosts.find(ONE.url) == ONE

    def test_keep_one_token_for_each_server(self, tmp_path: Path) -> None:
        hosts = Hosts(tmp_path)
        hosts.remember(ONE)
        hosts.remember(Host(url=ONE.url, token="newer", user="ada"))

        assert [host.token for host in hosts.all()] == ["newer"]

    def test_forget(self, tmp_path: Path) -> None:
        hosts = Hosts(tmp_path)
        hosts.remember(ONE)
        hosts.forget(ONE.url)

        assert hosts.all() == []

    def test_are_read_by_their_owner_alone(self, tmp_path: Path) -> None:
        hosts = Hosts(tmp_path / "config")
        hosts.remember(ONE)

        assert stat.S_IMODE(hosts.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(hosts.path.parent.stat().st_mode) == 0o700

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"hosts": [{"url": 1}]}'])
    def test_say_so_when_the_file_is_broken(self, tmp_path: Path, content: str) -> None:
        hosts = Hosts(tmp_path)
        hosts.path.write_text(content)

        with pytest.raises(Failure) as failed:
            hosts.all()

        assert failed.value.exit_code is Exit.FAILED
        assert str(failed.value).count("\n") == 2

    def test_do_not_show_a_token_by_accident(self) -> None:
        assert "grove_one" not in repr(ONE)


class TestNormalUrl:
    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("grove.example.org", "https://grove.example.org"),
            ("https://Grove.Example.org/", "https://grove.example.org"),
            ("localhost:8080", "http://localhost:8080"),
            ("127.0.0.1", "http://127.0.0.1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://example.org/grove/", "https://example.org/grove"),
        ],
    )
    def test_is_one_spelling_of_an_address(self, text: str, url: str) -> None:
        assert normal_url(text) == url

    @pytest.mark.parametrize(
        "text", ["", "ftp://x", "https://", "https://u:p@x", "https://x?q", "https://x:port", "https://a b"]
    )
    def test_refuses_what_is_no_server(self, text: str) -> None:
        with pytest.raises(Failure) as refused:
            normal_url(text)

        assert refused.value.exit_code is Exit.INVALID
