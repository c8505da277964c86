"""What a job is told besides what it is about: a declared shape for each kind that is told something."""

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from grove.jobs.errors import JobArgumentsInvalid
from grove.jobs.model import Job

CHARACTERS_MAX = 4_096

Text = Annotated[str, StringConstraints(max_length=CHARACTERS_MAX)]
"""A string that a job is told."""


class Arguments(BaseModel):
    """What the jobs of one kind are told. This one is for kinds that are told nothing.

    What was added since a job was queued has a default, so that the job is done all the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: ClassVar[str] = ""

    @classmethod
    def of(cls, job: Job) -> Self:
        """What a job is told.

        :raises JobArgumentsInvalid: if that is not what its kind is told: an unknown name, a lack, another type.
        """
        try:
            return cls.model_validate(job.arguments)
        except ValidationError as error:
            wrong = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]
            raise JobArgumentsInvalid(kind=job.kind, wrong=wrong) from None

    def stored(self) -> dict[str, object]:
        """What is queued of it: whatever is not as by default, so that one queued before means the same."""
        return self.model_dump(mode="json", exclude_defaults=True)
