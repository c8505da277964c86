"""What jobs about mirrors are told."""

from grove.jobs import Arguments, Text


class SyncArguments(Arguments):
    """Whether it is taken over that most branches are gone upstream."""

    kind = "mirror.sync"

    accept_ref_loss: bool = False


class MoveArguments(Arguments):
    """Where a repository is to be fetched from, and by which credential."""

    kind = "repository.move"

    url: Text
    credential_id: Text | None = None
