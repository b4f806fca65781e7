"""Leave, as far as turns go: whoever gets or loses one by it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from supervision.models.rosters import Kind
from supervision.permissions import Actor
from supervision.services import leave
from supervision.services.leave import LeaveWish
from supervision.services.meetings.board import board_of
from supervision.services.meetings.telling import parts_of, tell_changed


def take_leave(actor: Actor, at: datetime, wish: LeaveWish, base_url: str = "") -> None:
    """Be on leave: turns pass on for those days, and stay owed. Raises Invalid."""
    with _telling(actor, at, base_url):
        leave.add_leave(actor, at, wish)


def end_leave(actor: Actor, at: datetime, leave_id: UUID, base_url: str = "") -> None:
    """Withdraw a leave of one's own. Raises NotFound."""
    with _telling(actor, at, base_url):
        leave.withdraw_leave(actor, at, leave_id)


@contextmanager
def _telling(actor: Actor, at: datetime, base_url: str) -> Iterator[None]:
    """Tell of turns that change in coming meetings which the actor now comes to, or no longer."""
    rosters = [row.id for row in leave.own_rosters(actor) if row.kind != Kind.INDIVIDUAL]
    before = [board_of(actor, at, roster_id) for roster_id in rosters]
    yield
    for was in before:
        board = board_of(actor, at, was.id)
        for due in board.coming:
            then = was.due(due.occasion.id)
            if then and (actor.id in then.there) != (actor.id in due.there):
                tell_changed(actor, at, board, due, parts_of(then), base_url)
