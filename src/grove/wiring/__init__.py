"""What causes what, which adapter is used, and how the parts are put together."""

from grove.wiring.causes import WHEN
from grove.wiring.configuration import (
    GIT_SEARCH_PATH,
    admission_of,
    confiner,
    database_url,
    device_life,
    git_config,
    session_life,
)
from grove.wiring.parts import Grove, build
from grove.wiring.secrets import key_wrapper_of
from grove.wiring.work import JOB_KINDS

__all__ = [
    "GIT_SEARCH_PATH",
    "JOB_KINDS",
    "WHEN",
    "Grove",
    "admission_of",
    "build",
    "confiner",
    "database_url",
    "device_life",
    "git_config",
    "key_wrapper_of",
    "session_life",
]
