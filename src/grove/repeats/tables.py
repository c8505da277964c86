"""How requests with keys are stored."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grove.credentials import Binding, Sealed
from grove.kit.tables import TenantTable, UtcDateTime


class KeyedRequestRow(TenantTable):
    """A request with a key; `status` is null until it is answered."""

    __tablename__ = "keyed_requests"
    __table_args__ = (UniqueConstraint("principal_id", "key"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    principal_id: Mapped[str] = mapped_column(String(36))
    key: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    status: Mapped[int | None]
    location: Mapped[str | None] = mapped_column(String(2048))
    kid: Mapped[str] = mapped_column(String(16))
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)

    @property
    def binding(self) -> Binding:
        """The place of the answer's body, which is sealed: it may hold a token."""
        return Binding(table=self.__tablename__, row_id=self.id, owner_id=self.principal_id, field="body", version=1)

    @property
    def sealed(self) -> Sealed:
        """The body, sealed."""
        return Sealed(kid=self.kid, wrapped_key=self.wrapped_key, ciphertext=self.ciphertext, version=1)

    @sealed.setter
    def sealed(self, sealed: Sealed) -> None:
        self.kid, self.wrapped_key, self.ciphertext = sealed.kid, sealed.wrapped_key, sealed.ciphertext
