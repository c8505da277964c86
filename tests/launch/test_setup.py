"""What a server does, and tells, before it serves."""

from pathlib import Path
from typing import Any

import pytest

from grove.kit.ids import new_id
from grove.kit.logging import configure
from grove.launch.setup import DataFolderForeign, prepare
from grove.wiring import build
from tests.support.grove import house, settings_for
from tests.support.postgres import Postgres


def warned(capsys: pytest.CaptureFixture[str], data: Path, **settings: Any) -> str:
    """What a start warns of."""
    grove = build(settings_for(data, **settings))
    configure(level="WARNING")
    prepare(grove)
    grove.close()
    return capsys.readouterr().err


class TestAStart:
    def test_warns_of_a_role_that_the_database_does_not_hold_back(
        self, postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        url, owner_url = postgres.new_databases_of_two_roles()

        assert warned(capsys, tmp_path / "both", database_url=url, database_owner_url=owner_url) == ""
        owning = warned(capsys, tmp_path / "owner", database_url=owner_url)
        assert "tenants_kept_apart_by_the_database" in owning
        assert "it owns the tables" in owning
        bypassing = warned(capsys, tmp_path / "super", database_url=postgres.new_database())
        assert "tenants_not_kept_apart_by_the_database" in bypassing
        assert "it may bypass that" in bypassing

    def test_has_nothing_to_warn_of_with_a_database_of_its_own(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert warned(capsys, tmp_path / "data") == ""

    def test_removes_nothing_when_the_folder_is_another_databases(self, tmp_path: Path, postgres: Postgres) -> None:
        with house(tmp_path) as made:
            mirror = made.grove.locator.repository(tenant_id=made.admin.tenant_id, repository_id=new_id())
            mirror.mkdir(parents=True)
        forgotten = build(settings_for(tmp_path, database_url=postgres.new_database()))

        with pytest.raises(DataFolderForeign):
            prepare(forgotten)
        forgotten.close()
        assert mirror.is_dir()
