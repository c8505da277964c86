"""What clocks may be wrong by."""

from datetime import timedelta
from typing import Final

CLOCKS_APART_MAX: Final = timedelta(minutes=10)
"""The clocks of a server's processes differ by less. What seems to have been written later than that from now was
written while the clock was wrong."""
