import base64
import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grove.credentials import (
    MasterKeyExists,
    MasterKeyMissing,
    MasterKeyUnsafe,
    MasterKeyWeak,
    create_key_file,
    load_keyring,
    parse_keyring,
    rotate_key_file,
)

NOISE = hashlib.shake_256(b"noise that is the same in every run").digest(33)


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "master.key"
    create_key_file(path)
    return path


class TestParseKeyring:
    def test_reads_a_random_key(self) -> None:
        key = encoded(os.urandom(32))

        assert parse_keyring(key).current_kid == parse_keyring(f" {key}\n").current_kid

    def test_seals_with_the_first_key_and_knows_the_others(self) -> None:
        new, old = encoded(os.urandom(32)), encoded(os.urandom(32))

        ring = parse_keyring(f"{new}\n{old}\n")

        assert ring.current_kid == parse_keyring(new).current_kid
        assert ring.kids == parse_keyring(new).kids | parse_keyring(old).kids

    @pytest.mark.parametrize("text", ["", "  \n"])
    def test_refuses_no_key(self, text: str) -> None:
        with pytest.raises(MasterKeyMissing):
            parse_keyring(text)

    @pytest.mark.parametrize(
        "text",
        [
            "<base64_encoded_32_byte_key>",
            "bad!",
            "schlüssel",
            encoded(NOISE[:31]),
            encoded(NOISE),
            encoded(bytes(32)),
            encoded(b"\xff" * 32),
            encoded(bytes(range(32))),
            encoded(bytes(range(0, 256, 8))),
            encoded(NOISE[:16] * 2),
            encoded(b"correct horse battery staple now"),
            encoded("корректная лоша".encode() + b"!!!"),
            encoded(NOISE[:16].hex().encode()),
            encoded(NOISE[:32]) + "\n" + encoded(bytes(32)),
        ],
    )
    def test_refuses_what_is_no_random_key_in_one_line_that_does_not_repeat_it(self, text: str) -> None:
        with pytest.raises(MasterKeyWeak) as refused:
            parse_keyring(text)

        assert "\n" not in str(refused.value)
        assert not any(word in str(refused.value) for word in text.split())
        assert refused.value.__cause__ is None

    def test_accepts_every_key_that_the_system_makes(self) -> None:
        assert len({parse_keyring(encoded(os.urandom(32))).current_kid for _ in range(5_000)}) == 5_000

    def test_shows_no_key(self) -> None:
        key = os.urandom(32)

        shown = repr(parse_keyring(encoded(key)))

        assert encoded(key) not in shown
        assert repr(key) not in shown


class TestKeyFile:
    def test_is_made_for_its_owner_alone(self, key_file: Path) -> None:
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        assert len(base64.b64decode(key_file.read_text())) == 32
        assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]

    def test_is_never_replaced_by_another_key(self, key_file: Path) -> None:
        before = key_file.read_bytes()

        with pytest.raises(MasterKeyExists):
            create_key_file(key_file)

        assert key_file.read_bytes() == before
        assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]

    def test_is_not_made_unless_asked(self, tmp_path: Path) -> None:
        with pytest.raises(MasterKeyMissing):
            load_keyring(tmp_path / "master.key")

        assert list(tmp_path.iterdir()) == []

    def test_is_made_once_when_many_ask_at_the_same_time(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            rings = list(pool.map(lambda _: load_keyring(tmp_path / "master.key", create=True), range(8)))

        assert len({ring.current_kid for ring in rings}) == 1

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644])
    def test_is_refused_when_others_may_use_it(self, key_file: Path, mode: int) -> None:
        key_file.chmod(mode)

        with pytest.raises(MasterKeyUnsafe):
            load_keyring(key_file)

    def test_is_refused_when_it_is_a_link_a_folder_or_a_pipe(self, key_file: Path) -> None:
        link, folder, pipe = (key_file.with_name(name) for name in ("link", "folder", "pipe"))
        link.symlink_to(key_file)
        folder.mkdir(mode=0o700)
        os.mkfifo(pipe, mode=0o600)

        for path in (link, folder, pipe):
            with pytest.raises(MasterKeyUnsafe):
                load_keyring(path)

    def test_is_refused_when_it_is_empty_or_cut_short(self, key_file: Path) -> None:
        key_file.write_bytes(key_file.read_bytes()[:20])
        with pytest.raises(MasterKeyWeak):
            load_keyring(key_file)

        key_file.write_bytes(b"")
        with pytest.raises(MasterKeyMissing):
            load_keyring(key_file)


class TestRotateKeyFile:
    def test_puts_a_new_key_before_the_old_one(self, key_file: Path) -> None:
        ring = load_keyring(key_file)
        before = ring.kids

        rotated = rotate_key_file(key_file)

        assert rotated.current_kid not in before
        assert rotated.kids == before | {rotated.current_kid}
        assert ring.current_kid == rotated.current_kid
        assert load_keyring(key_file).kids == rotated.kids
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600

    def test_loses_no_key_when_many_rotate_at_the_same_time(self, key_file: Path) -> None:
        with ThreadPoolExecutor(4) as pool:
            rings = list(pool.map(lambda _: rotate_key_file(key_file), range(8)))

        assert load_keyring(key_file).kids >= {ring.current_kid for ring in rings}

    def test_refuses_where_there_is_no_file(self, tmp_path: Path) -> None:
        for path in (tmp_path / "master.key", tmp_path / "no" / "master.key"):
            with pytest.raises(MasterKeyMissing):
                rotate_key_file(path)
