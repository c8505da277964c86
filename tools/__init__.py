"""For those who work on Grove."""
