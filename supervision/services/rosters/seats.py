"""Seats: one row or refused, so that two who take the last one at once cannot both have it."""

from uuid import UUID

from sqlalchemy import update

from supervision.db import db
from supervision.models.rosters import (
    LEADS,
    Roster,
)


def take_seat(roster_id: UUID, role: str) -> bool:
    """One row or refused: two who take the last seat at once cannot both have it."""
    if role in LEADS:
        return True
    taken = db.session.execute(
        update(Roster)
        .where(Roster.id == roster_id, Roster.taken < Roster.capacity)
        .values(taken=Roster.taken + 1)
        .returning(Roster.id)
    ).all()
    return bool(taken)


def free_seats(roster_id: UUID, seats: int = 1) -> None:
    """Give seats back. Whoever waits is offered them by `offers.fill`."""
    db.session.execute(
        update(Roster).where(Roster.id == roster_id).values(taken=Roster.taken - seats)
    )
