"""How credentials are stored."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, column
from sqlalchemy.orm import Mapped, mapped_column

from grove.credentials.envelope import Binding, Sealed
from grove.credentials.kinds import CredentialKind
from grove.credentials.model import Credential
from grove.kit.tables import Table, TenantTable, UtcDateTime


class CredentialRow(TenantTable):
    """A credential; a removed one stays as a row without its secret."""

    __tablename__ = "credentials"
    written_for_all = "a new master key seals all credentials anew"
    __table_args__ = (
        # The name of a removed credential may be given again.
        Index(
            "uq_credentials_tenant_id_name",
            "tenant_id",
            "name",
            unique=True,
            sqlite_where=column("revoked_at").is_(None),
            postgresql_where=column("revoked_at").is_(None),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    project_id: Mapped[str | None] = mapped_column(String(36), index=True)
    name: Mapped[str] = mapped_column(String(100))
    host: Mapped[str] = mapped_column(String(260))
    username: Mapped[str] = mapped_column(String(255))
    kid: Mapped[str] = mapped_column(String(16), index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reference: Mapped[str | None] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(String(20), server_default="token")
    refreshing_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def binding(self) -> Binding:
        """The place of the secret. The host is part of it: a changed row cannot send a secret elsewhere."""
        word = "password" if self.kind == CredentialKind.TOKEN else self.kind
        return Binding(
            table=self.__tablename__,
            row_id=self.id,
            owner_id=self.tenant_id,
            field=f"{word} for {self.host}",
            version=self.version,
        )

    @property
    def sealed(self) -> Sealed:
        """The secret, sealed."""
        return Sealed(kid=self.kid, wrapped_key=self.wrapped_key, ciphertext=self.ciphertext, version=self.version)

    @sealed.setter
    def sealed(self, sealed: Sealed) -> None:
        self.kid, self.version = sealed.kid, sealed.version
        self.wrapped_key, self.ciphertext = sealed.wrapped_key, sealed.ciphertext

    def value(self) -> Credential:
        """The row as the domain knows it."""
        return Credential(
            id=self.id,
            tenant_id=self.tenant_id,
            project_id=self.project_id,
            name=self.name,
            host=self.host,
            username=self.username,
            fingerprint=self.fingerprint,
            version=self.version,
            created_by=self.created_by,
            created_at=self.created_at,
            last_used_at=self.last_used_at,
            revoked_at=self.revoked_at,
            reference=self.reference,
            kind=CredentialKind(self.kind),
        )


class MasterKeyRow(Table):
    """How many data keys a master key has wrapped; the key itself is not here."""

    __tablename__ = "master_keys"
    shared = "the master keys are the server's"

    kid: Mapped[str] = mapped_column(String(16), primary_key=True)
    wraps: Mapped[int] = mapped_column(BigInteger)


class CredentialPurposeRow(TenantTable):
    """When the audit trail was last told of something that Grove does by itself, and how often it was done since."""

    __tablename__ = "credential_purposes"

    credential_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    action: Mapped[str] = mapped_column(String(80), primary_key=True)
    act: Mapped[str] = mapped_column(String(80), primary_key=True)
    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Empty when it is for no repository."""
    tenant_id: Mapped[str] = mapped_column(String(36))
    version: Mapped[int]
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    untold: Mapped[int] = mapped_column(BigInteger)
