import base64
import os
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from grove.credentials import Binding, CredentialUnreadable, Keyring, Sealed, open_sealed, parse_keyring
from grove.credentials.envelope import seal


def ring_of(*keys: bytes) -> Keyring:
    return parse_keyring(" ".join(base64.b64encode(key).decode() for key in keys))


OLD_KEY, NEW_KEY = os.urandom(32), os.urandom(32)
RING = ring_of(NEW_KEY)
PLACE = Binding(table="credentials", row_id="row", owner_id="owner", field="password", version=3)
SEALED = seal(RING, b"a secret", PLACE)

COUNT = 1_000_000

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
bindings = st.builds(
    Binding, table=texts, row_id=texts, owner_id=texts, field=texts, version=st.integers(min_value=0, max_value=99)
)


def refused(sealed: Sealed, binding: Binding = PLACE, *, ring: Keyring = RING) -> bool:
    with pytest.raises(CredentialUnreadable):
        open_sealed(ring, sealed, binding)
    return True


def data_key_of(sealed: Sealed) -> bytes:
    parts = ["v1", PLACE.table, PLACE.row_id, PLACE.owner_id, PLACE.field, sealed.kid, str(PLACE.version)]
    bound = b"".join(len(part).to_bytes(4, "big") + part.encode() for part in parts)
    return AESGCM(NEW_KEY).decrypt(sealed.wrapped_key[:12], sealed.wrapped_key[12:], bound)


class TestSeal:
    @given(plaintext=st.binary(max_size=300), binding=bindings)
    def test_gives_back_what_was_sealed(self, plaintext: bytes, binding: Binding) -> None:
        assert open_sealed(RING, seal(RING, plaintext, binding), binding) == plaintext

    @given(one=bindings, other=bindings)
    def test_opens_in_its_own_place_only(self, one: Binding, other: Binding) -> None:
        sealed = seal(RING, b"a secret", one)

        assert one == other or refused(replace(sealed, version=other.version), other)

    def test_tells_apart_places_whose_parts_run_together_alike(self) -> None:
        left = replace(PLACE, row_id="a", owner_id="bc")

        assert refused(seal(RING, b"a secret", left), replace(PLACE, row_id="ab", owner_id="c"))
        assert refused(
            seal(RING, b"a secret", replace(PLACE, row_id="a|b", owner_id="c")), replace(left, owner_id="b|c")
        )

    @given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
    def test_refuses_any_changed_bit(self, position: int, bit: int) -> None:
        def flipped(stored: bytes) -> bytes:
            changed = bytearray(stored)
            changed[position % len(stored)] ^= 1 << bit
            return bytes(changed)

        assert refused(replace(SEALED, wrapped_key=flipped(SEALED.wrapped_key)))
        assert refused(replace(SEALED, ciphertext=flipped(SEALED.ciphertext)))

    def test_refuses_any_truncation_or_extension(self) -> None:
        for name in ("wrapped_key", "ciphertext"):
            stored = getattr(SEALED, name)
            for length in range(len(stored)):
                assert refused(replace(SEALED, **{name: stored[:length]}))
            assert refused(replace(SEALED, **{name: stored + b"\0"}))

    def test_refuses_parts_of_two_values_put_together(self) -> None:
        other = seal(RING, b"a secret", PLACE)

        assert refused(replace(SEALED, wrapped_key=other.wrapped_key))
        assert refused(replace(SEALED, ciphertext=other.ciphertext))
        assert refused(replace(SEALED, wrapped_key=SEALED.ciphertext, ciphertext=SEALED.wrapped_key))

    def test_refuses_an_earlier_version_of_the_same_row(self) -> None:
        later = replace(PLACE, version=PLACE.version + 1)

        assert refused(SEALED, later)
        assert refused(replace(SEALED, version=later.version), later)
        assert refused(replace(SEALED, version=later.version))

    def test_refuses_another_kid_and_one_that_is_gone(self) -> None:
        both = ring_of(NEW_KEY, OLD_KEY)
        old_kid = ring_of(OLD_KEY).current_kid

        assert refused(replace(SEALED, kid=old_kid), ring=both)
        assert refused(SEALED, ring=ring_of(OLD_KEY))

    def test_opens_with_an_older_key_what_was_sealed_with_it(self) -> None:
        sealed = seal(ring_of(OLD_KEY), b"a secret", PLACE)

        assert open_sealed(ring_of(NEW_KEY, OLD_KEY), sealed, PLACE) == b"a secret"

    def test_never_uses_a_nonce_or_a_data_key_twice(self) -> None:
        wrapping, nonces, data_keys = bytearray(), bytearray(), bytearray()
        for _ in range(COUNT):
            sealed = seal(RING, b"", PLACE)
            wrapping += sealed.wrapped_key[:12]
            nonces += sealed.ciphertext[:12]
            data_keys += data_key_of(sealed)

        for drawn, width in ((wrapping, 12), (nonces, 12), (data_keys, 32)):
            assert len(np.unique(np.frombuffer(drawn, dtype=f"S{width}"))) == COUNT

    def test_says_nothing_of_the_secret_when_it_refuses(self) -> None:
        with pytest.raises(CredentialUnreadable) as unreadable:
            open_sealed(RING, replace(SEALED, ciphertext=SEALED.ciphertext[:-1]), PLACE)

        assert str(unreadable.value).count("\n") == 0
        assert "a secret" not in repr(unreadable.getrepr())
