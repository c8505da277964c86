"""Checkouts: the files of workspaces in folders, for people and commands that need them on a disk."""

from grove.checkouts.desk import TRASH_JOB, CheckoutDesk
from grove.checkouts.errors import (
    CheckoutBusy,
    CheckoutMissing,
    CheckoutsFull,
    CheckoutTooLarge,
    IndexUnreadable,
    TreeRefused,
)
from grove.checkouts.model import Checkout, CheckoutLimits, Method, PlacedCheckout
from grove.checkouts.removing import remove_checkouts, sweep_checkouts

__all__ = [
    "TRASH_JOB",
    "Checkout",
    "CheckoutBusy",
    "CheckoutDesk",
    "CheckoutLimits",
    "CheckoutMissing",
    "CheckoutTooLarge",
    "CheckoutsFull",
    "IndexUnreadable",
    "Method",
    "PlacedCheckout",
    "TreeRefused",
    "remove_checkouts",
    "sweep_checkouts",
]
