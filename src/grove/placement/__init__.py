"""Where things are kept. The locator is the only maker of paths; no path is ever stored."""

from grove.placement.checkouts import CheckoutPlaces
from grove.placement.locator import DataFolderUnusable, Locator
from grove.placement.processes import ProcessPlaces

__all__ = ["CheckoutPlaces", "DataFolderUnusable", "Locator", "ProcessPlaces"]
