"""What happens to jobs that others want to hear of."""

from dataclasses import dataclass

from grove.kit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRefused(Event):
    """A job was set aside undone: it is not what was queued."""

    job_id: str
    kind: str
    target_id: str
    requested_by: str
