"""First things: the schema, what a crash left behind, and the way in for the first administrator."""

import os
import sys
from datetime import UTC, datetime

from pydantic import SecretStr

from grove import accounts, checkouts, exports, indexing, migrations, mirrors, snapshots, workspaces
from grove.credentials import KeyringSigner, check_keyring
from grove.git import probe_installed_git
from grove.jobs import message_of
from grove.kit.errors import GroveError, Kind
from grove.kit.files import write_durably
from grove.kit.logging import logger
from grove.kit.tenancy import serving_all
from grove.repositories import known_places
from grove.settings import Settings
from grove.wiring import GIT_SEARCH_PATH, Grove, build

TOKEN_CHARACTERS_MIN = 32
log = logger(__name__)


class GitMissing(GroveError):
    """There is no git on this machine, or it may not be run; install it."""

    kind = Kind.UNAVAILABLE
    code = "git_missing"


class GitUnsafe(GroveError):
    """The installed git does something that a hostile repository could use; `grove doctor` says what."""

    kind = Kind.UNAVAILABLE
    code = "git_unsafe"


class DataFolderForeign(GroveError):
    """The data folder belongs to another database; name that one, or another folder. Nothing was removed."""

    kind = Kind.CONFLICT
    code = "data_folder_foreign"


class AdministratorInvalid(GroveError):
    """The administrator that the settings name cannot be made."""

    code = "administrator_invalid"


def prepare(grove: Grove) -> None:
    """Make everything ready to serve: schema, keys, disk and git.

    :raises GroveError: if the server must not start.
    """
    if not os.access(grove.git.config.executable, os.X_OK):
        raise GitMissing(searched=GIT_SEARCH_PATH)
    with grove.database.usable():
        _migrate(grove)
        _tell_walls(grove)
    with serving_all(), grove.database.reading() as tx:
        check_keyring(tx, keyring=grove.keyring)
    failed = [finding.name for finding in probe_installed_git(grove.git) if not finding.passed]
    if failed:
        raise GitUnsafe(probes=", ".join(failed))
    _check_folder(grove)
    _sweep(grove)


def settle_administrator(grove: Grove) -> str | None:
    """Make the administrator that the settings name, or a set-up link; its secret when one is open.

    :raises AdministratorInvalid: if the settings name one that cannot be made.
    """
    settings, now = grove.settings, datetime.now(UTC)
    with serving_all(), grove.database.transaction() as tx:
        if accounts.is_set_up(tx):
            return None
        if settings.admin_token is None and settings.admin_email is None:
            return accounts.open_setup_link(tx, now=now)
        accounts.set_up(tx, administrator=_administrator(settings), now=now, token_secret=_token(settings.admin_token))
    return None


def address_of(settings: Settings, *, port: int) -> str:
    """The address by which users reach the server."""
    host = "127.0.0.1" if settings.bind in {"0.0.0.0", "::"} else settings.bind  # noqa: S104 - compared, not bound
    return (settings.base_url or f"http://{host}:{port}").rstrip("/")


def announce_setup_link(grove: Grove, secret: str, *, port: int) -> None:
    """Tell the set-up link to whoever sees the terminal or the data folder, and to nobody else."""
    link = f"{address_of(grove.settings, port=port)}/setup?token={secret}"
    write_durably(grove.locator.setup_link, f"{link}\n".encode())
    sys.stderr.write(
        f"\n  Set up the first administrator within {accounts.SETUP_LINK_MINUTES} minutes:\n\n    {link}\n\n"
    )
    sys.stderr.flush()


def renew_setup_link(settings: Settings) -> int:
    """Make a new set-up link and print it; the exit code."""
    grove = build(settings)
    _migrate(grove)
    with serving_all(), grove.database.transaction() as tx:
        if accounts.is_set_up(tx):
            sys.stderr.write("This server has an administrator already.\nNobody else can be made by a link.\n")
            return 5
        secret = accounts.open_setup_link(tx, now=datetime.now(UTC))
    sys.stdout.write(f"{address_of(settings, port=settings.port)}/setup?token={secret}\n")
    return 0


def _migrate(grove: Grove) -> None:
    owner = grove.settings.database_owner_url
    migrations.migrate(
        grove.database.engine,
        owner_url=owner.get_secret_value() if owner else None,
        sign_job=lambda inputs: KeyringSigner(grove.keyring).sign(message_of(inputs)),
    )


def _tell_walls(grove: Grove) -> None:
    walls = migrations.walls_of(grove.database.engine)
    if walls is not None and walls.is_bypassed:
        log.warning("tenants_not_kept_apart_by_the_database", role=walls.role, reason="it may bypass that")
    elif walls is not None and walls.is_owner:
        log.warning("tenants_kept_apart_by_the_database", role=walls.role, reason="it owns the tables")


def _administrator(settings: Settings) -> accounts.NewAdministrator:
    name = settings.admin_name or (settings.admin_email or "admin").partition("@")[0]
    return accounts.NewAdministrator(name=name, email=settings.admin_email)


def _token(secret: SecretStr | None) -> str:
    text = secret.get_secret_value() if secret else ""
    if len(text) < TOKEN_CHARACTERS_MIN:
        raise AdministratorInvalid(reason=f"GROVE_ADMIN_TOKEN needs {TOKEN_CHARACTERS_MIN} characters or more")
    return text


def _check_folder(grove: Grove) -> None:
    """Whoever forgets to name the database must not lose what the folder holds: no row names anything in it then."""
    with serving_all(), grove.database.reading() as tx:
        known = set(accounts.list_tenants(tx))
    foreign = [folder.name for folder in sorted(grove.locator.tenants.glob("*")) if folder.name not in known]
    if foreign:
        raise DataFolderForeign(data=str(grove.locator.data), tenants=", ".join(foreign[:3]))


def _sweep(grove: Grove) -> None:
    """Remove what no row names: this is the only process that uses the data folder now."""
    with serving_all(), grove.database.reading() as tx:
        places = known_places(tx)
        generations = {
            tenant: snapshots.generation_of(tx, tenant_id=tenant) for tenant in {place[0] for place in places}
        }
    removed = mirrors.sweep_leftovers(grove.locator, known=places, running=())
    for folder in grove.locator.tenants.glob("*/index"):
        generation = generations.get(folder.parent.name) or snapshots.Generation(number=0, segments=(), snapshots=())
        removed += indexing.sweep_index(folder, generation=generation)
        if folder.parent.name in generations:
            removed += grove.vectors.sweep(folder.parent.name)
    removed += workspaces.sweep_workspaces(grove.database, grove.locator, git=grove.git)
    removed += checkouts.sweep_checkouts(grove.checkouts)
    removed += exports.sweep_exports(grove.database, grove.locator, now=datetime.now(UTC))
    grove.vectors.catch_up(sorted(generations), now=datetime.now(UTC))
    if removed:
        log.info("leftovers_removed", count=len(removed))
