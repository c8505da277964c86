"""Where things are kept. The locator is the only maker of paths; no path is ever stored."""

from grove.placement.locator import Locator

__all__ = ["Locator"]
