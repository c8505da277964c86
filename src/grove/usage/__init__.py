"""Who uses which repository, by which door: counted beside the questions, and written down in batches."""

from grove.usage.events import RepositoriesUsed
from grove.usage.keeping import usage_rounds
from grove.usage.meter import UsageMeter
from grove.usage.model import Act, By, UsageLine, UsageQuestion, Use
from grove.usage.queries import forget_usage, last_uses, repositories_used, searches_on, usage_of

__all__ = [
    "Act",
    "By",
    "RepositoriesUsed",
    "UsageLine",
    "UsageMeter",
    "UsageQuestion",
    "Use",
    "forget_usage",
    "last_uses",
    "repositories_used",
    "searches_on",
    "usage_of",
    "usage_rounds",
]
