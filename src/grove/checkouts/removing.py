"""Removing what nobody uses any more: by a job, and after a crash."""

from contextlib import suppress
from pathlib import Path

from grove.checkouts import rows
from grove.checkouts.desk import CheckoutDesk, Rescuing
from grove.checkouts.errors import CheckoutMissing
from grove.checkouts.lasting import is_lasting
from grove.checkouts.placing import LaidFacts
from grove.checkouts.store import BUILDING, torn_trees
from grove.checkouts.trash import empty_trash, throw_away
from grove.jobs import Run
from grove.kit.tenancy import serving, serving_all
from grove.placement import CheckoutPlaces


def remove_checkouts(run: Run, *, desk: CheckoutDesk, rescue: Rescuing) -> None:
    """Close the checkout of a workspace that has ended, and remove from the disk all that was thrown away.

    Done again, it goes on where it was cut off.

    :raises CheckoutConflict: if a file was changed in the folder and in the workspace; the folder stays.
    """
    if run.job.target_id != run.job.tenant_id:
        desk.close(run.actor, run.job.target_id, rescue=rescue, now=run.now)
    empty_trash(desk.ground.places.trash(tenant_id=run.job.tenant_id))


def warm_checkouts(run: Run, *, desk: CheckoutDesk) -> None:
    """Have folders of a repository ready before anybody wants them; done again, it goes on where it was cut off."""
    desk.warm(run.actor, run.job.target_id)


def sweep_checkouts(desk: CheckoutDesk) -> list[Path]:
    """Remove what a crash left of checkouts and published trees, and show what was mounted; while nobody makes any.

    What lay ready goes too, and folders that had not been written to the disk when the machine stopped: nothing tells
    whether they are whole.
    """
    places = desk.ground.places
    with serving_all(), desk.ground.database.reading() as tx:
        known = rows.known_checkouts(tx)
    torn = {(tenant, workspace) for tenant, workspace in known if _is_torn(places, tenant, workspace)}
    for tenant_id, workspace_id in torn:
        with serving(tenant_id), desk.ground.database.transaction() as tx:
            rows.forget_checkout(tx, workspace_id=workspace_id)
    known -= torn
    with serving_all(), desk.ground.database.reading() as tx:
        mounted = rows.mounted_checkouts(tx)
    standing = {checkout.tree for checkout in mounted}
    unfinished = [
        *places.tenants.glob(f"*/r/*/trees/{BUILDING}*"),
        *(torn for trees in places.tenants.glob("*/r/*/trees") for torn in torn_trees(trees, standing=standing)),
        *places.tenants.glob("*/r/*/pool"),
        *places.tenants.glob("*/c/.*"),
    ]
    unknown = [path for path in places.tenants.glob("*/c/*") if (path.parent.parent.name, path.name) not in known]
    removed = sorted({*unfinished, *unknown})
    for path in removed:
        tenant = path.relative_to(places.tenants).parts[0]
        throw_away(path, places.trash(tenant_id=tenant))
    for trash in places.tenants.glob("*/trash"):
        empty_trash(trash)
    for checkout in mounted:
        with suppress(CheckoutMissing):  # whoever asks for it is told
            desk.ground.show_again(checkout)
    return removed


def _is_torn(places: CheckoutPlaces, tenant_id: str, workspace_id: str) -> bool:
    folder = places.checkout(tenant_id=tenant_id, workspace_id=workspace_id)
    try:
        boot = LaidFacts.read(folder).boot
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # not even what is told of it was written
        return True
    return not is_lasting(folder, boot=boot)
