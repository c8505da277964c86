"""Checkouts: the files of workspaces in folders, for people and commands that need them on a disk."""

from grove.checkouts.commanding import CommandDesk
from grove.checkouts.configuring import get_preparation, set_preparation
from grove.checkouts.desk import TRASH_JOB, WARM_JOB, CheckoutDesk
from grove.checkouts.errors import (
    CheckoutBusy,
    CheckoutConflict,
    CheckoutMissing,
    CheckoutsFull,
    CheckoutTooLarge,
    CommandRefused,
    CommandsTooMany,
    IndexUnreadable,
    PreparationInvalid,
    SparseRefused,
    SparseUnknown,
    TreeRefused,
)
from grove.checkouts.executing import Executed, Listener, Order, Said
from grove.checkouts.ground import CheckoutGround
from grove.checkouts.methods import why_not
from grove.checkouts.model import Checkout, CheckoutLimits, CheckoutMethod, Collected, PlacedCheckout
from grove.checkouts.preparation import Preparation, SetUpState
from grove.checkouts.removing import remove_checkouts, sweep_checkouts, warm_checkouts
from grove.checkouts.rows import has_checkout

__all__ = [
    "TRASH_JOB",
    "WARM_JOB",
    "Checkout",
    "CheckoutBusy",
    "CheckoutConflict",
    "CheckoutDesk",
    "CheckoutGround",
    "CheckoutLimits",
    "CheckoutMethod",
    "CheckoutMissing",
    "CheckoutTooLarge",
    "CheckoutsFull",
    "Collected",
    "CommandDesk",
    "CommandRefused",
    "CommandsTooMany",
    "Executed",
    "IndexUnreadable",
    "Listener",
    "Order",
    "PlacedCheckout",
    "Preparation",
    "PreparationInvalid",
    "Said",
    "SetUpState",
    "SparseRefused",
    "SparseUnknown",
    "TreeRefused",
    "get_preparation",
    "has_checkout",
    "remove_checkouts",
    "set_preparation",
    "sweep_checkouts",
    "warm_checkouts",
    "why_not",
]
