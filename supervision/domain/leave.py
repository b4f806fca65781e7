"""Leave: who is away from supervision on which days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class Away:
    """A person's leave: local days `first_on` to `last_on`, both inclusive."""

    person_id: UUID
    first_on: date
    last_on: date

    def covers(self, day: date) -> bool:
        return self.first_on <= day <= self.last_on


def on_leave(leaves: Iterable[Away], day: date) -> set[UUID]:
    """Who is on leave on a local day."""
    return {leave.person_id for leave in leaves if leave.covers(day)}
