"""How many data keys each master key has wrapped.

With random nonces, a key of AES-GCM may encrypt 2^32 times before a nonce may come again with a chance that NIST does
not accept (SP 800-38D, section 8.3). A master key encrypts once for each value that is sealed.
"""

from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from grove.credentials.envelope import Binding, Sealed, seal
from grove.credentials.errors import MasterKeyWorn
from grove.credentials.keyring import Keyring
from grove.credentials.tables import MasterKeyRow
from grove.kit.transactions import Transaction

WRAPS_MAX: Final = 2**32
WRAPS_WARNED: Final = 2**31
"""From so many on, `grove doctor` says that a new key is due: the second half takes as long as the first did."""


def seal_counted(tx: Transaction, keyring: Keyring, plaintext: bytes, binding: Binding) -> Sealed:
    """Seal a value, and count that the master key has wrapped one key more.

    :raises MasterKeyWorn: if it has wrapped as many as it may.
    """
    sealed = seal(keyring, plaintext, binding)
    if _count(tx, sealed.kid) > WRAPS_MAX:
        raise MasterKeyWorn(kid=sealed.kid)
    return sealed


def wraps_of(tx: Transaction, *, kid: str) -> int:
    """How many data keys a master key has wrapped."""
    return tx.session.scalar(select(MasterKeyRow.wraps).where(MasterKeyRow.kid == kid)) or 0


def _count(tx: Transaction, kid: str) -> int:
    one_more = (
        update(MasterKeyRow)
        .where(MasterKeyRow.kid == kid)
        .values(wraps=MasterKeyRow.wraps + 1)
        .returning(MasterKeyRow.wraps)
        .execution_options(synchronize_session=False)
    )
    counted = tx.session.scalar(one_more)
    if counted is not None:
        return counted
    try:
        with tx.session.begin_nested():
            tx.session.add(MasterKeyRow(kid=kid, wraps=1))
    except IntegrityError:  # another has begun to count just now
        return tx.session.scalar(one_more) or 0
    return 1
