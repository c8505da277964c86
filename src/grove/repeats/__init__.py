"""Requests that are made again: with the same key, the first one's answer is given, and nothing is done twice."""

from grove.repeats.errors import KeyReused, OutcomeUnknown, RequestUnderWay
from grove.repeats.model import KEPT_HOURS, KeptAnswer, KeyedRequest
from grove.repeats.operations import begin, forget, keep

__all__ = [
    "KEPT_HOURS",
    "KeptAnswer",
    "KeyReused",
    "KeyedRequest",
    "OutcomeUnknown",
    "RequestUnderWay",
    "begin",
    "forget",
    "keep",
]
