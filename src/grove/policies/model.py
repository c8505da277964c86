"""A tenant's set of policies, and what is found when it is looked at. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """A set of policies of a tenant as it was applied: documents by name, and the cases that they must pass."""

    version: int
    documents: Mapping[str, str]
    cases: tuple[Mapping[str, Any], ...]
    digest: str
    origin: str
    reason: str
    applied_by: str
    applied_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a policy: in which document, with which policy, what."""

    document: str
    policy: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What a case expected, and what was decided by which policies."""

    name: str
    expected: str
    decided: str
    policies: tuple[str, ...]
    reason: str

    @property
    def passed(self) -> bool:
        """Whether it was decided as expected."""
        return self.expected == self.decided


def digest_of(documents: Mapping[str, str]) -> str:
    """The SHA-256 of a set of documents."""
    return hashlib.sha256(json.dumps(documents, sort_keys=True).encode("ascii")).hexdigest()
