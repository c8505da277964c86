"""The master key is rotated while everybody works: real processes, one of which is killed."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grove.credentials import (
    MasterKeyInUse,
    MasterKeyMissing,
    Purpose,
    add_credential,
    check_keyring,
    drop_old_keys,
    kids_in_use,
    lease_secret,
    load_keyring,
    rotate_key_file,
)
from tests.credentials.conftest import TOKEN, draft_of
from tests.support.grove import House, house

CREDENTIALS = 300
PROCESSES, THREADS_EACH = 3, 17
WORKER = """
import contextvars
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from grove.credentials import CredentialDraft, Purpose, add_credential, lease_secret, load_keyring
from grove.kit.gate import Actor, Source
from grove.kit.tenancy import serve
from grove.kit.transactions import Database, StorageBusy
from grove.policies import PolicyGate
import grove.wiring
data, tenant, user, secret, stop, url, number = Path(sys.argv[1]), *sys.argv[2:8]
threads = int(sys.argv[8])
scopes = frozenset({"read", "write", "admin"})
actor = Actor(id=user, tenant_id=tenant, name="ada", role="admin", scopes=scopes, source=Source.API)
database = Database(url, gate=PolicyGate(), handlers={})
ring = load_keyring(data / "master.key")
serve(tenant)


def work(name):
    count = tried = 0
    while not Path(stop).exists():
        tried += 1
        draft = CredentialDraft(name=f"{name}-{tried}", host="github.com", username="bot", password=secret)
        now = datetime.now(UTC)
        try:
            with database.transaction() as tx:
                made = add_credential(tx, actor=actor, keyring=ring, draft=draft, now=now)
            with database.transaction() as tx:
                leased = lease_secret(
                    tx,
                    actor=actor,
                    keyring=ring,
                    credential_id=made.id,
                    host="github.com",
                    purpose=Purpose(act="mirror.sync"),
                    now=now,
                )
        except StorageBusy:  # on a machine that is busy; whoever asks is told to try again
            continue
        assert leased.password == secret
        count += 1
    return count


with ThreadPoolExecutor(threads) as pool:
    works = [pool.submit(contextvars.copy_context().run, work, f"{number}-{each}") for each in range(threads)]
    print(sum(each.result() for each in works))
"""


def rotate(data: Path, url: str) -> "subprocess.Popen[bytes]":
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        "GROVE_DATA_DIR": str(data),
        "GROVE_DATABASE_URL": url,
    }
    return subprocess.Popen([sys.executable, "-m", "grove.launch", "admin", "rotate-key"], env=environment)


def fill(made: House) -> list[str]:
    now = datetime.now(UTC)
    with made.grove.database.transaction() as tx:
        return [
            add_credential(tx, actor=made.admin, keyring=made.grove.keyring, draft=draft_of(f"c{number}"), now=now).id
            for number in range(CREDENTIALS)
        ]


def all_open(made: House, identifiers: list[str]) -> bool:
    ring = load_keyring(made.grove.locator.master_key())
    asked: Any = {"actor": made.admin, "purpose": Purpose(act="mirror.sync"), "now": datetime.now(UTC)}
    with made.grove.database.transaction() as tx:
        check_keyring(tx, keyring=ring)
        return all(
            lease_secret(tx, keyring=ring, credential_id=each, host="github.com", **asked).password == TOKEN
            for each in identifiers
        )


class TestRotation:
    def test_goes_on_beside_fifty_readers_and_writers_and_survives_a_kill(
        self, database_url: str, tmp_path: Path
    ) -> None:
        with house(tmp_path, database_url=database_url) as made:
            identifiers = fill(made)
            first = made.grove.keyring.current_kid
            stop = tmp_path / "stop"
            words = [str(tmp_path), made.admin.tenant_id, made.admin.id, TOKEN, str(stop), database_url]
            workers = [
                subprocess.Popen(
                    [sys.executable, "-c", WORKER, *words, str(number), str(THREADS_EACH)], stdout=subprocess.PIPE
                )
                for number in range(PROCESSES)
            ]
            killed = rotate(tmp_path, database_url)
            deadline = time.monotonic() + 60
            while made.grove.keyring.current_kid == first and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(0.03)
            killed.send_signal(signal.SIGKILL)
            killed.wait()

            assert all_open(made, identifiers)
            assert rotate(tmp_path, database_url).wait(timeout=120) == 0
            stop.touch()
            counts = [int(worker.communicate(timeout=60)[0]) for worker in workers]

            assert [worker.returncode for worker in workers] == [0] * PROCESSES
            assert min(counts) > 0
            assert all_open(made, identifiers)
            with made.grove.database.reading() as tx:
                assert first not in kids_in_use(tx)


class TestAKeyFileOfBefore:
    def test_is_refused_and_opens_all_again_when_the_newer_one_is_back(self, tmp_path: Path) -> None:
        with house(tmp_path) as made:
            identifiers = fill(made)
            path = made.grove.locator.master_key()
            before = path.read_bytes()
            assert rotate(tmp_path, f"sqlite:///{tmp_path}/grove.db").wait(timeout=60) == 0
            after = path.read_bytes()

            path.write_bytes(before)
            with made.grove.database.reading() as tx, pytest.raises(MasterKeyMissing):
                check_keyring(tx, keyring=load_keyring(path))
            path.write_bytes(after)
            assert all_open(made, identifiers)


class TestDropOldKeys:
    def test_keeps_what_is_needed_and_what_may_still_be(self, tmp_path: Path) -> None:
        with house(tmp_path) as made:
            identifiers = fill(made)
            path, now = made.grove.locator.master_key(), time.time()
            old = made.grove.keyring.current_kid
            rotate_key_file(path)
            with made.grove.database.reading() as tx:
                needed = kids_in_use(tx)

            assert needed == {old}
            with pytest.raises(MasterKeyInUse):
                drop_old_keys(path, needed=needed, now=now + 3_600)
            assert rotate(tmp_path, f"sqlite:///{tmp_path}/grove.db").wait(timeout=60) == 0
            with made.grove.database.reading() as tx:
                needed = kids_in_use(tx)
            with pytest.raises(MasterKeyInUse):
                drop_old_keys(path, needed=needed, now=time.time())
            ring = drop_old_keys(path, needed=needed, now=time.time() + 3_600)

            assert ring.kids == {ring.current_kid} == made.grove.keyring.kids
            assert all_open(made, identifiers)
