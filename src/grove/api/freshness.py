"""`/api/v1/repositories/{id}/freshness`: how a mirror keeps up with its upstream."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from grove import freshness
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Received, Shown
from grove.freshness import PRESETS, Freshness, Preset, preset_of

router = router_at("/api/v1/repositories", tag="repositories")


class FreshnessIn(Received):
    """Either a preset, or the switches themselves; a switch that is left out is off."""

    preset: Preset | None = None
    on_hook: bool = False
    poll_seconds: int | None = Field(default=None, description="How often the host is asked; never, if left out.")
    watch: bool = Field(default=False, description="Watch the folder of a local repository.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.preset is not None and (self.on_hook or self.poll_seconds is not None or self.watch):
            raise ValueError("give a preset or switches, not both")
        return self

    def wanted(self) -> Freshness:
        """As the core has it.

        :raises FreshnessInvalid: if the poll is too often or too rare.
        """
        if self.preset is not None:
            return PRESETS[self.preset]
        return Freshness(on_hook=self.on_hook, poll_seconds=self.poll_seconds, watch=self.watch)


class FreshnessOut(Shown):
    """How a mirror keeps up; `preset` is the name of these switches, if they have one."""

    preset: Preset | None
    on_hook: bool
    poll_seconds: int | None
    watch: bool

    @classmethod
    def of(cls, switches: Freshness) -> Self:
        """As people see it."""
        return cls(
            preset=preset_of(switches),
            on_hook=switches.on_hook,
            poll_seconds=switches.poll_seconds,
            watch=switches.watch,
        )


@router.get("/{repository_id}/freshness", openapi_extra=needs("repository.view"))
def get_freshness(repository_id: UUID, caller: CallerOf) -> FreshnessOut:
    """How a mirror keeps up."""
    with caller.reading() as tx:
        return FreshnessOut.of(freshness.freshness_of(tx, actor=caller.actor, repository_id=str(repository_id)))


@router.put("/{repository_id}/freshness", openapi_extra=needs("repository.keep_up"))
def set_freshness(repository_id: UUID, wanted: FreshnessIn, caller: CallerOf) -> FreshnessOut:
    """Set how a mirror keeps up."""
    switches = wanted.wanted()
    with caller.writing() as tx:
        return FreshnessOut.of(
            freshness.set_freshness(
                tx, actor=caller.actor, repository_id=str(repository_id), wanted=switches, now=caller.now
            )
        )
