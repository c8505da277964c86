"""The repositories in which a condition holds somewhere: each is asked by itself, so that none hides another."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from grove.indexing import IndexView
from grove.search.answer import RepositoryMatch
from grove.search.exact import ExactSearch
from grove.search.progress import Progress
from grove.search.question import Condition
from grove.search.selection import Field

FILES_COUNTED_MAX: Final = 100


def repositories_holding(
    condition: Condition, *, view: IndexView, field_: Field, progress: Progress
) -> Iterator[RepositoryMatch]:
    """Every repository of a field in which the condition holds, in the field's order, until the time is up."""
    for selected in field_.selected:
        if progress.time_is_up():
            return
        if selected.selection is None:
            continue
        alone = Field(selected=(selected,), scope=view.scope([selected.selection]), paths=field_.paths)
        search = ExactSearch(condition, view=view, field_=alone, progress=progress)
        count = sum(1 for _ in islice(search.found(files_max=FILES_COUNTED_MAX + 1), FILES_COUNTED_MAX))
        if count:
            target = selected.target
            yield RepositoryMatch(
                repository_id=target.repository_id,
                repository=target.name,
                revision=target.revision,
                commit=target.commit,
                files_found=count,
                is_count_exact=count < FILES_COUNTED_MAX,
            )
