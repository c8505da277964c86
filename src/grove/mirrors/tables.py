"""How the refs of mirrors are stored: what readers go by, whatever the files on disk are just becoming."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable


class MirrorRefRow(TenantTable):
    """One ref of a published mirror."""

    __tablename__ = "mirror_refs"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(1024), primary_key=True)
    commit: Mapped[str] = mapped_column(String(64))


class PullSwitchRow(TenantTable):
    """A repository whose open pull requests are mirrored too."""

    __tablename__ = "pull_switches"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)


class PullRow(TenantTable):
    """An open pull request whose commits are in the mirror."""

    __tablename__ = "pulls"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(255))
    branch: Mapped[str] = mapped_column(String(1024))
    target: Mapped[str] = mapped_column(String(1024))
    head: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(2048))
