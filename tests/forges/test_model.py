import pytest

from grove.forges import Forge, permalink, recognise, repository_name, username_for


class TestRecognise:
    @pytest.mark.parametrize(
        ("host", "path", "forge"),
        [
            ("GitHub.com", "/acme/web.git", Forge.GITHUB),
            ("github.com:443", "acme/web", Forge.GITHUB),
            ("gitlab.com", "acme/group/web.git", Forge.GITLAB),
            ("gitea.com", "acme/web/", Forge.GITEA),
            ("github.com", "acme", Forge.GENERIC),
            ("github.com", "acme/web/tree", Forge.GENERIC),
            ("github.com", "acme/..", Forge.GENERIC),
            ("gitlab.com", "acme//web", Forge.GENERIC),
            ("gist.github.com", "0123456789abcdef", Forge.GENERIC),
            ("github.com.evil.example", "acme/web", Forge.GENERIC),
            ("github.com:8443", "acme/web", Forge.GENERIC),
            ("git.example.com", "acme/web", Forge.GENERIC),
        ],
    )
    def test_goes_by_host_and_path(self, host: str, path: str, forge: Forge) -> None:
        assert recognise(host, path) is forge

    def test_lets_administrators_map_further_hosts(self) -> None:
        hosts = {"Git.Example.com:8443": Forge.GITLAB, "github.com": Forge.GENERIC}

        assert recognise("git.example.com:8443", "acme/web", hosts=hosts) is Forge.GITLAB
        assert recognise("github.com", "acme/web", hosts=hosts) is Forge.GENERIC


class TestRepositoryName:
    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/acme/payments-api.git", "github.com/acme/payments-api"),
            ("acme/payments-api/", "github.com/acme/payments-api"),
            ("/acme/payments-api.git/", "github.com/acme/payments-api"),
            ("acme/digit", "github.com/acme/digit"),
            ("acme/digit.git", "github.com/acme/digit"),
            ("acme/web.git.git", "github.com/acme/web.git"),
            ("Acme/Web", "github.com/Acme/Web"),
        ],
    )
    def test_has_no_git_at_its_end(self, path: str, name: str) -> None:
        assert repository_name("GitHub.com", path) == name


class TestUsernameFor:
    @pytest.mark.parametrize(
        ("forge", "token", "username"),
        [
            (Forge.GITHUB, "ghp_1", "x-access-token"),
            (Forge.GITLAB, "glpat-1", "oauth2"),
            (Forge.GITLAB, "glcbt-1", "gitlab-ci-token"),
            (Forge.BITBUCKET, "ATCTT1", "x-token-auth"),
            (Forge.BITBUCKET, "ATATT1", "x-bitbucket-api-token-auth"),
            (Forge.GITEA, "0123456789abcdef", "oauth2"),
            (Forge.GENERIC, "any", "git"),
        ],
    )
    def test_is_what_the_forge_expects(self, forge: Forge, token: str, username: str) -> None:
        assert username_for(forge, token) == username


class TestPermalink:
    def test_is_none_at_a_generic_host(self) -> None:
        url = "https://git.example.com/web.git"

        assert permalink(Forge.GENERIC, url, commit="0" * 40, path="a.py", first_line=1, last_line=2) is None
