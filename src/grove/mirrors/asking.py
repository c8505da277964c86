"""Asking whether the upstream of a mirror is there now, before the mirror is given up."""

from pathlib import Path
from typing import Final

from grove.credentials import Purpose, lease_secret, remote_with
from grove.git import ListingLimits, LocalPath, Remote, parse_remote_url
from grove.jobs import Run
from grove.kit.errors import GroveError
from grove.mirrors.fetch import MirrorTools
from grove.mirrors.queries import BRANCH_PREFIX, refs_of
from grove.repositories import Repository

ASKING_SECONDS_MAX: Final = 60.0


def is_upstream_there(run: Run, repository: Repository, *, tools: MirrorTools) -> bool:
    """Whether the upstream answers, and has the default branch or a commit that a ref of the mirror names."""
    limits = ListingLimits(seconds_max=ASKING_SECONDS_MAX, refs_max=tools.limits.refs_max)
    try:
        with run.begin() as tx:
            refs = refs_of(tx, repository_id=repository.id)
        listed = tools.git.listing(_remote(run, repository, tools), limits=limits, cancelled=run.is_stopped).refs
    except GroveError as error:
        run.log(f"{repository.name}: its upstream does not answer: {error}")
        return False
    return f"{BRANCH_PREFIX}{repository.default_branch}" in listed or bool(set(refs.values()) & set(listed.values()))


def _remote(run: Run, repository: Repository, tools: MirrorTools) -> Remote:
    if repository.local:
        return Remote(url=LocalPath(Path(repository.url)))
    url = parse_remote_url(repository.url)
    if repository.credential_id is None:
        return remote_with(url, None)
    with run.begin() as tx:
        lease = lease_secret(
            tx,
            actor=run.actor,
            keyring=tools.keyring,
            credential_id=repository.credential_id,
            host=repository.host,
            purpose=Purpose.of_job(run.job),
            now=run.now,
        )
    return remote_with(url, tools.stores.open(lease, path=url.path))
