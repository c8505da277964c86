"""Grove keeps every repository that a team and its agents need."""

__version__ = "0.1.0"
