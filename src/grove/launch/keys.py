"""`grove admin rotate-key` and `drop-keys`: the master keys of a data folder, whose server may be running."""

import sys
import time
from datetime import UTC, datetime

from grove.credentials import (
    KeyringSigner,
    check_keyring,
    drop_old_keys,
    kids_in_use,
    load_keyring,
    reseal_credentials,
    rotate_key_file,
)
from grove.jobs import sign_again, signing_keys_in_use
from grove.kit.errors import GroveError
from grove.kit.tenancy import serving_all
from grove.kit.transactions import Database
from grove.placement import Locator
from grove.policies import PolicyGate
from grove.settings import Settings
from grove.wiring import database_url, key_wrapper_of

COUNT_AT_ONCE_MAX = 100
"""So few at a time that readers and writers wait for no long transaction."""


class MasterKeyElsewhere(GroveError):
    """The master key is given by a setting: put the new key before the old one there, and start the server again."""

    code = "master_key_elsewhere"


def rotate_master_key(settings: Settings) -> int:
    """Make a new key and move every credential under it. Whatever was moved when it is stopped stays moved; the next
    run begins with a key of its own, and moves all to that.

    :raises MasterKeyElsewhere: if the key is no file.
    """
    locator = _locator(settings)
    wrapper = key_wrapper_of(settings)
    database = _database(settings, locator)
    try:
        with serving_all(), database.reading() as tx:
            check_keyring(tx, keyring=load_keyring(locator.master_key(), wrapper=wrapper))
        keyring = rotate_key_file(locator.master_key(), wrapper=wrapper)
        moved = 0
        while True:
            with serving_all(), database.transaction() as tx:
                count = reseal_credentials(tx, keyring=keyring, count_max=COUNT_AT_ONCE_MAX, now=datetime.now(UTC))
            if count == 0:
                break
            moved += count
        signer = KeyringSigner(keyring)
        is_done = False
        while not is_done:
            with serving_all(), database.transaction() as tx:
                is_done = sign_again(tx, signer=signer, count_max=COUNT_AT_ONCE_MAX) == 0
    finally:
        database.close()
    sys.stdout.write(f"Credentials moved under the new key {keyring.current_kid}: {moved}\n")
    return 0


def drop_master_keys(settings: Settings) -> int:
    """Take the keys out of the file that nothing is sealed under.

    :raises MasterKeyElsewhere: if the key is no file.
    :raises MasterKeyInUse: if one of them is needed, or may be by a writer that has not seen the newest.
    """
    locator = _locator(settings)
    database = _database(settings, locator)
    try:
        with serving_all(), database.transaction() as tx:  # on SQLite, nobody else writes while this is open
            needed = kids_in_use(tx) | signing_keys_in_use(tx)
            ring = drop_old_keys(locator.master_key(), needed=needed, now=time.time(), wrapper=key_wrapper_of(settings))
    finally:
        database.close()
    sys.stdout.write(f"Only the key {ring.current_kid} is left.\n")
    return 0


def _locator(settings: Settings) -> Locator:
    if settings.master_key is not None:
        raise MasterKeyElsewhere
    return Locator(settings.data_dir)


def _database(settings: Settings, locator: Locator) -> Database:
    return Database(database_url(settings, locator), gate=PolicyGate(), handlers={})
