"""How the refs of mirrors are stored: what readers go by, whatever the files on disk are just becoming."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import Table


class MirrorRefRow(Table):
    """One ref of a published mirror."""

    __tablename__ = "mirror_refs"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(1024), primary_key=True)
    commit: Mapped[str] = mapped_column(String(64))
