"""Who owns the files of a repository, as its CODEOWNERS file says by the rules of its forge."""

from grove.owners.model import Owners, Ownership, Rule
from grove.owners.reading import parse_owners, read_owners

__all__ = ["Owners", "Ownership", "Rule", "parse_owners", "read_owners"]
