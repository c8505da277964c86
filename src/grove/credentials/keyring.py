"""The master keys: where they come from, which are refused, and by what name a sealed value remembers its own.

A key file, or a setting, holds keys in base64 separated by white space. The first is current and seals; those after it
only open what they sealed before. A kid is a digest of its key, so that no list of names has to be kept.
"""

import base64
import binascii
import contextlib
import fcntl
import hashlib
import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from grove.credentials.errors import MasterKeyExists, MasterKeyInUse, MasterKeyMissing, MasterKeyUnsafe, MasterKeyWeak
from grove.kit.files import sync_folder, write_durably
from grove.kit.ids import new_id

KEY_BYTES = 32
KEY_FILE_BYTES_MAX = 65_536
WRAPPED = "wrapped:"
"""Begins a key that only a key management service can open."""
SETTLED_SECONDS = 900
"""No transaction lasts as long: after that, nobody can still be sealing with the key before."""

_SIGNING_LABEL = b"grove signing key v1"
_KID_LABEL = b"grove master key id v1\0"
_DISTINCT_BYTES_MIN = 20
"""32 random bytes have 30 different values on average, and 19 or fewer less than once in 10^9 keys."""
_DISTINCT_STEPS_MIN = 8
"""A counter or a ramp steps by the same few amounts; random bytes hardly ever do."""


class KeyWrapper(Protocol):
    """A key management service that closes and opens master keys, so that the key file alone is of no use."""

    def wrap(self, key: bytes) -> str:
        """The key as text that only the service can open."""
        ...

    def unwrap(self, text: str) -> bytes:
        """The key."""
        ...


class Keyring:
    """The key that seals and every key that may still be needed to open; shows the kids only.

    :raises MasterKeyMissing: if there is no key at all.
    :raises MasterKeyWeak: if one of them is not 32 random bytes.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._hold(keys)

    def _hold(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise MasterKeyMissing
        for key in keys:
            _refuse_weak(key)
        self._ciphers = {_kid(key): AESGCM(key) for key in keys}
        self._signing_keys = {_kid(key): _signing_key(key) for key in keys}
        self._current_kid = _kid(keys[0])

    @property
    def current_kid(self) -> str:
        """The kid of the key that seals."""
        return self._current_kid

    @property
    def kids(self) -> frozenset[str]:
        """The kids of all keys."""
        return frozenset(self._ciphers)

    def cipher(self, kid: str) -> AESGCM | None:
        """The cipher of one key, or None when the ring does not have it."""
        return self._ciphers.get(kid)

    def signing_key(self, kid: str) -> bytes | None:
        """The key to sign with that is derived from one key, or None when the ring does not have it."""
        return self._signing_keys.get(kid)

    def __repr__(self) -> str:
        return f"Keyring(current_kid={self.current_kid!r}, keys={len(self._ciphers)})"


class FileKeyring(Keyring):
    """The ring of a key file, read again when the file has changed: a key may be rotated while everybody works."""

    def __init__(self, path: Path, *, wrapper: KeyWrapper | None = None) -> None:
        self._path = path
        self._wrapper = wrapper
        self._read_as: tuple[int, int] | None = None
        self._refresh()

    @property
    def current_kid(self) -> str:
        """The kid of the key that seals."""
        self._refresh()
        return self._current_kid

    @property
    def kids(self) -> frozenset[str]:
        """The kids of all keys."""
        self._refresh()
        return super().kids

    def cipher(self, kid: str) -> AESGCM | None:
        """The cipher of one key, or None when the ring does not have it."""
        return super().cipher(kid) or (super().cipher(kid) if self._refresh() else None)

    def signing_key(self, kid: str) -> bytes | None:
        """The key to sign with that is derived from one key, or None when the ring does not have it."""
        return super().signing_key(kid) or (super().signing_key(kid) if self._refresh() else None)

    def _refresh(self) -> bool:
        """Read the file if it is another than was read; whether it was."""
        try:
            found = self._path.stat()
        except FileNotFoundError as error:
            raise MasterKeyMissing(path=self._path) from error
        identity = (found.st_ino, found.st_mtime_ns)
        if identity == self._read_as:
            return False
        self._hold(_keys_of(_read_private(self._path), self._wrapper))
        self._read_as = identity
        return True


def parse_keyring(text: str, *, wrapper: KeyWrapper | None = None) -> Keyring:
    """Read a ring from the text of a setting or a file.

    :raises MasterKeyMissing: if the text is empty.
    :raises MasterKeyWeak: if it is anything but base64 of 32 random bytes, once or more.
    """
    return Keyring(_keys_of(text, wrapper))


def _keys_of(text: str, wrapper: KeyWrapper | None) -> list[bytes]:
    return [_decode(word, wrapper) for word in text.split()]


def load_keyring(path: Path, *, create: bool = False, wrapper: KeyWrapper | None = None) -> Keyring:
    """The ring of a key file, which follows its changes; with `create`, a missing file is made first.

    :raises MasterKeyMissing: if there is no such file, or it is empty.
    :raises MasterKeyUnsafe: if it is a link, no plain file, or readable by others than its owner.
    :raises MasterKeyWeak: if it holds anything but base64 of 32 random bytes, once or more.
    """
    if create:
        with contextlib.suppress(MasterKeyExists):
            create_key_file(path, wrapper=wrapper)
    return FileKeyring(path, wrapper=wrapper)


def create_key_file(path: Path, *, wrapper: KeyWrapper | None = None) -> None:
    """Write a new key where no file is yet, durably and for its owner alone.

    :raises MasterKeyExists: if something has this name.
    """
    aside = path.with_name(f".{path.name}.{new_id()}")
    write_durably(aside, _new_key_line(wrapper).encode(), mode=0o600)
    try:
        path.hardlink_to(aside)
    except FileExistsError as error:
        raise MasterKeyExists(path=path) from error
    finally:
        aside.unlink()
        sync_folder(path.parent)


def rotate_key_file(path: Path, *, wrapper: KeyWrapper | None = None) -> Keyring:
    """Put a new current key before those in the file; credentials are then moved under it one by one.

    :raises MasterKeyMissing: if there is no such file; the other errors of `load_keyring` likewise.
    """
    with _locked(path.parent):
        text = _read_private(path)
        parse_keyring(text, wrapper=wrapper)
        rotated = _new_key_line(wrapper) + text
        write_durably(path, rotated.encode(), mode=0o600)
    return parse_keyring(rotated, wrapper=wrapper)


def drop_old_keys(path: Path, *, needed: frozenset[str], now: float, wrapper: KeyWrapper | None = None) -> Keyring:
    """Take every key but the current one out of the file; `needed` are the kids that something is sealed under,
    `now` is the moment in seconds since the epoch.

    :raises MasterKeyInUse: if an old key is needed, or the current one was not there for long.
    """
    with _locked(path.parent):
        text = _read_private(path)
        ring = parse_keyring(text, wrapper=wrapper)
        old = ring.kids - {ring.current_kid}
        if old & needed:
            raise MasterKeyInUse(kids=", ".join(sorted(old & needed)))
        wait_seconds = SETTLED_SECONDS - (now - path.stat().st_mtime)
        if old and wait_seconds > 0:
            raise MasterKeyInUse(wait_seconds=round(wait_seconds))
        write_durably(path, (text.split()[0] + "\n").encode(), mode=0o600)
    return parse_keyring(text.split()[0], wrapper=wrapper)


def _new_key_line(wrapper: KeyWrapper | None) -> str:
    key = os.urandom(KEY_BYTES)
    return (f"{WRAPPED}{wrapper.wrap(key)}" if wrapper else base64.b64encode(key).decode()) + "\n"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second rotation out: of two new keys, one would be lost."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError as error:
        raise MasterKeyMissing(path=folder) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read_private(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise MasterKeyMissing(path=path) from error
    except OSError as error:
        raise MasterKeyUnsafe(path=path, reason=error.strerror) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) or mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise MasterKeyUnsafe(path=path, mode=oct(stat.S_IMODE(mode)))
        content = os.read(descriptor, KEY_FILE_BYTES_MAX)
    finally:
        os.close(descriptor)
    return content.decode("ascii", errors="replace")


def _decode(word: str, wrapper: KeyWrapper | None) -> bytes:
    if word.startswith(WRAPPED):
        if wrapper is None:
            raise MasterKeyWeak(reason="it is wrapped by a key management service, which no setting names")
        return wrapper.unwrap(word.removeprefix(WRAPPED))
    try:
        return base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        # What was read is part of neither the error nor its cause: it may be most of a key.
        raise MasterKeyWeak(reason="not base64") from None


def _refuse_weak(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise MasterKeyWeak(reason=f"{len(key)} bytes, not {KEY_BYTES}")
    steps = {(after - before) % 256 for before, after in itertools.pairwise(key)}
    if len(set(key)) < _DISTINCT_BYTES_MIN or len(steps) < _DISTINCT_STEPS_MIN:
        raise MasterKeyWeak(reason="its bytes follow a pattern")
    if _is_text(key):
        raise MasterKeyWeak(reason="it is readable text")


def _is_text(key: bytes) -> bool:
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)


def _signing_key(key: bytes) -> bytes:
    return HKDF(SHA256(), length=KEY_BYTES, salt=None, info=_SIGNING_LABEL).derive(key)


def _kid(key: bytes) -> str:
    return hashlib.sha256(_KID_LABEL + key).hexdigest()[:16]
