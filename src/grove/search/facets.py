"""The ways to narrow an answer, counted over all files that were found."""

import re
from collections import Counter
from collections.abc import Iterable

from grove.search.answer import Facet, Facets
from grove.search.selection import Selected

_SPECIAL = re.compile(r"([.+*?()|\[\]{}^$\\])")
_ESCAPED = r"\\\1"


def facets_of(files: Iterable[tuple[Selected, int]], *, is_exhaustive: bool, count_max: int) -> Facets:
    """Count the repositories and languages of some files, the most frequent first."""
    repositories: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for selected, path_number in files:
        repositories[selected.target.name] += 1
        languages[selected.snapshot.languages[path_number]] += 1
    items = [
        Facet(kind="repo", value=name, query=f"repo:^{_SPECIAL.sub(_ESCAPED, name)}$", count=count)
        for name, count in repositories.most_common(count_max)
    ]
    items += [
        Facet(kind="lang", value=name, query=f"lang:{name}", count=count)
        for name, count in languages.most_common(count_max)
        if name
    ]
    return Facets(items=tuple(items), is_exhaustive=is_exhaustive)
