"""What booking and moving have in common: the wish, its checks, the people, the rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import bindparam, exists, insert, select

from supervision.db import run, table
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import LONGEST, Occurrence
from supervision.errors import N_, Invalid
from supervision.models.outside import OutsideCalendar
from supervision.models.rosters import Membership, MemberState
from supervision.models.sessions import MAX_MINUTES, Session, SessionState
from supervision.services.claims import Claimant, Clash, claims_hard
from supervision.services.places import Held
from supervision.services.sessions.setting import USUAL, Setting

LEAST_MINUTES = 5
MESSAGE = 500
SECOND = timedelta(seconds=1)
_INSERT = insert(table(Session))


@dataclass(frozen=True)
class Wish:
    """A wall-clock time to meet at: naive `starts_local`, `minutes` long, with a few words.

    `zone` is the IANA zone that the wisher was shown, if any; it has to be the one in force.
    `setting` is for what is booked: a move leaves place and people as they are.
    """

    starts_local: datetime
    minutes: int
    message: str = ""
    zone: str | None = None
    setting: Setting = USUAL

    def checked(self, zone: str) -> "Wish":
        """This wish with its words trimmed. Raises Invalid."""
        if not LEAST_MINUTES <= self.minutes <= MAX_MINUTES:
            raise Invalid(
                "minutes",
                N_("Choose between %(least)s and %(most)s minutes."),
                least=LEAST_MINUTES,
                most=MAX_MINUTES,
            )
        if self.zone is not None and self.zone != zone:
            raise Invalid(
                "starts_at", N_("Times here are %(zone)s time now. Look at them again."), zone=zone
            )
        return Wish(
            self.starts_local.replace(second=0, microsecond=0, tzinfo=None),
            self.minutes,
            checked_message(self.message),
            zone,
            self.setting.checked(),
        )


@dataclass(frozen=True)
class Booked:
    """What was booked or moved, in which zone, and whose soft claims it now overlaps."""

    session_ids: tuple[UUID, ...]
    zone: str
    series_id: UUID | None = None
    warnings: tuple[Clash, ...] = ()
    shifted: int = 0


def checked_message(message: str) -> str:
    """The words that go with a change, trimmed. Raises Invalid."""
    clean = message.strip()
    if len(clean) > MESSAGE:
        raise Invalid("message", N_("Keep this to %(most)s characters."), most=MESSAGE)
    return clean


_MEMBERS = (
    select(
        Membership.person_id,
        Membership.role,
        exists().where(OutsideCalendar.person_id == Membership.person_id).label("elsewhere"),
    )
    .where(Membership.roster_id == bindparam("roster_id"), Membership.state == MemberState.ACTIVE)
    .order_by(Membership.person_id)
)


def members_of(roster: Held) -> list[Claimant]:
    """Who is in a roster now, by id, and how their time is claimed."""
    rows = run(_MEMBERS, {"roster_id": roster.id})
    return [
        Claimant(row.person_id, claims_hard(roster.kind, row.role), bool(row.elsewhere))
        for row in rows
    ]


def check_future(due: Sequence[Occurrence], at: datetime) -> None:
    """Raises Invalid when something would begin in the past, or in more than ten years."""
    if any(one.starts_at <= at for one in due):
        raise Invalid("date", N_("This time has passed. Choose one that is still to come."))
    if any(one.starts_at > at + LONGEST for one in due):
        raise Invalid("date", N_("Give a date within the next ten years."))


def spans(due: Iterable[Occurrence], minutes: int) -> list[Interval]:
    """The instants that occurrences take."""
    return [Interval.lasting(one.starts_at, minutes) for one in due]


def local_key(local: datetime) -> str:
    """A naive local time as it is stored: ISO, to the minute."""
    return local.strftime("%Y-%m-%dT%H:%M")


def stamp(at: datetime) -> datetime:
    """A calendar stamp: calendars know whole seconds."""
    return at.replace(microsecond=0)


def touch(session: Session, at: datetime) -> None:
    """Count a change that calendars must see; its stamp is later than the last one."""
    session.sequence += 1
    session.published_at = max(stamp(at), session.published_at + SECOND)


def insert_sessions(
    roster: Held,
    due: Sequence[Occurrence],
    minutes: int,
    *,
    made_by_id: UUID,
    at: datetime,
    series_id: UUID | None = None,
    zone: str | None = None,
    message: str = "",
    setting: Setting = USUAL,
    state: SessionState = SessionState.PLANNED,
    session_type_id: UUID | None = None,
    capacity: int | None = None,
    ids: Sequence[UUID] = (),
) -> list[tuple[UUID, Interval]]:
    """One row an occurrence; returns their ids with the instants that they take.

    Where members sign up each has `capacity` seats, or as many as is usual in the roster. Where
    `ids` are given, one for each occurrence, they are taken in place of random ones.
    """
    usual = roster.session_capacity if setting.people is None else None
    seats = None if usual is None else capacity or usual
    chosen = ids or [uuid4() for _one in due]
    placed = list(zip(chosen, spans(due, minutes), strict=True))
    rows = [
        {
            "id": session_id,
            "roster_id": roster.id,
            "series_id": series_id,
            "original_local": local_key(one.original_local),
            "zone": zone or roster.zone,
            "starts_at": span.start,
            "ends_at": span.end,
            "shifted": one.shifted,
            "state": state,
            "session_type_id": session_type_id,
            "capacity": seats,
            "message": message,
            **setting.columns(),
            "made_by_id": made_by_id,
            "created_at": at,
            "published_at": stamp(at),
        }
        for (session_id, span), one in zip(placed, due, strict=True)
    ]
    if rows:
        run(_INSERT, rows)
    return placed
