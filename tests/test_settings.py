"""Settings: by variables, by files, by the names of older documents."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from grove.settings import load_settings


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GROVE_DATA_DIR", "GROVE_MASTER_KEY", "MASTER_ENCRYPTION_KEY", "MAX_REPO_SIZE_MB", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


class TestSettings:
    def test_take_lists_of_networks_folders_and_forges(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GROVE_ALLOWED_NETWORKS", "10.0.0.0/8, 127.0.0.0/8")
        monkeypatch.setenv("GROVE_LOCAL_ROOTS", "/srv/git,/home/git")
        monkeypatch.setenv("GROVE_FORGES", "git.example.org=gitea")
        settings = load_settings()

        assert settings.allowed_networks == (ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8"))
        assert settings.local_roots == (Path("/srv/git"), Path("/home/git"))
        assert settings.forges == {"git.example.org": "gitea"}

    def test_accept_the_names_of_older_documents(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAX_REPO_SIZE_MB", "100")
        monkeypatch.setenv("GIT_CLONE_TIMEOUT", "300")
        monkeypatch.setenv("MASTER_ENCRYPTION_KEY", "a-key")
        settings = load_settings()

        assert (settings.max_repo_size_mb, settings.git_clone_timeout) == (100, 300)
        assert settings.master_key is not None
        assert settings.master_key.get_secret_value() == "a-key"

    def test_read_secrets_from_files(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("from-a-file\n")
        monkeypatch.setenv("GROVE_MASTER_KEY_FILE", str(tmp_path / "key"))
        settings = load_settings()

        assert settings.master_key is not None
        assert settings.master_key.get_secret_value() == "from-a-file"

    def test_show_no_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GROVE_MASTER_KEY", "a-very-secret-key")
        assert "a-very-secret-key" not in repr(load_settings())

    def test_go_to_workers_as_they_are(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        given = load_settings(
            data_dir=tmp_path,
            allowed_networks="10.0.0.0/8",
            forges="a.example.org=gitlab",
            workers=3,
            log_level="ERROR",
        )
        for name, value in given.environment().items():
            monkeypatch.setenv(name, value)

        assert load_settings() == given

    def test_refuse_what_makes_no_sense(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GROVE_PORT", "99999")
        with pytest.raises(ValidationError):
            load_settings()
