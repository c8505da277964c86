"""Promotions: workspaces on their way into their repositories, as pull requests at the forges."""

from grove.promotions.desk import PromotionDesk
from grove.promotions.errors import (
    BranchTaken,
    NothingToPromote,
    PathsGuarded,
    PromotionMoved,
    PromotionNotFound,
    PromotionNotWaiting,
    RefusalUnexplained,
    SecretsFound,
    TargetUnknown,
)
from grove.promotions.finishing import FOLLOW_JOB, request_finishing
from grove.promotions.inbox import WaitingPromotion, list_waiting, refuse
from grove.promotions.model import Promotion, PromotionState, Wish
from grove.promotions.rows import has_open

__all__ = [
    "FOLLOW_JOB",
    "BranchTaken",
    "NothingToPromote",
    "PathsGuarded",
    "Promotion",
    "PromotionDesk",
    "PromotionMoved",
    "PromotionNotFound",
    "PromotionNotWaiting",
    "PromotionState",
    "RefusalUnexplained",
    "SecretsFound",
    "TargetUnknown",
    "WaitingPromotion",
    "Wish",
    "has_open",
    "list_waiting",
    "refuse",
    "request_finishing",
]
