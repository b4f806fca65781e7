"""The rows of series: who may change them, their rule, their setting, their sessions."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, bindparam, delete, exists, func, insert, select

from supervision.db import db, run, table
from supervision.domain.recurrence import Repeat
from supervision.errors import N_, Conflict, NotFound
from supervision.models.rosters import Roster
from supervision.models.sessions import Series, SeriesPerson, Session, SessionState
from supervision.permissions import Actor, can_see_session
from supervision.services.places import Held, hold_to_run, place_of
from supervision.services.sessions.plan import local_key
from supervision.services.sessions.setting import Setting, own_place

HORIZON = relativedelta(months=12)
DUE = func.coalesce(Session.due_local, Session.original_local)
_PERSON = table(SeriesPerson)
_OF = (
    select(
        Series.roster_id,
        Roster.kind,
        Series.for_all,
        exists().where(
            SeriesPerson.series_id == Series.id, SeriesPerson.person_id == bindparam("actor_id")
        ),
    )
    .join(Roster, Roster.id == Series.roster_id)
    .where(Series.id == bindparam("series_id"))
)
_PEOPLE = select(SeriesPerson.person_id).where(SeriesPerson.series_id == bindparam("series_id"))
_FORGET = delete(_PERSON).where(_PERSON.c.series_id == bindparam("of_series"))
_KEEP = insert(_PERSON)


def horizon(starts_local: datetime, zone: str, at: datetime) -> date:
    """The local date up to which an open series has its sessions as rows."""
    today = at.astimezone(ZoneInfo(zone)).date()
    return max(starts_local.date(), today) + HORIZON


def known_series(actor: Actor, series_id: UUID) -> tuple[UUID, str]:
    """Roster and kind of a series that is there for the actor. Raises NotFound."""
    row = run(_OF, {"series_id": series_id, "actor_id": actor.id}).one_or_none()
    if row is None:
        raise NotFound
    roster_id, kind, for_all, is_theirs = tuple(row)
    if not can_see_session(
        place_of(actor, roster_id), kind, for_all=for_all or is_theirs, is_theirs=False
    ):
        raise NotFound
    return roster_id, kind


def changeable(actor: Actor, series_id: UUID) -> tuple[Held, Series]:
    """A series of a roster that the actor runs, locked with it. Raises NotFound, NotAllowed."""
    roster_id, _kind = known_series(actor, series_id)
    roster = hold_to_run(actor, roster_id)
    return roster, db.session.get_one(Series, series_id, populate_existing=True)


def going(actor: Actor, series_id: UUID) -> tuple[Held, Series]:
    """As `changeable`, for a series that is not over. Raises Conflict too."""
    roster, series = changeable(actor, series_id)
    if series.state != SessionState.PLANNED:
        raise Conflict(N_("This series was cancelled, or asked for and not booked."))
    return roster, series


def series_of(session: Session) -> Series:
    """The series of a session whose roster is held. Raises NotFound when it has none."""
    if session.series_id is None:
        raise NotFound
    return db.session.get_one(Series, session.series_id, populate_existing=True)


def cut(series: Series, last_day: date) -> None:
    """Let the rule end on a local day, inclusive, if it did not before."""
    last_day = min(last_day, series.rolled_until)
    repeat = replace(Repeat.parse(series.rrule), until=last_day, count=None)
    series.rrule, series.rolled_until = repeat.rrule(), last_day


def setting_of(series: Series) -> Setting:
    """Where a series meets and whom it is for."""
    people = None
    if not series.for_all:
        rows = run(_PEOPLE, {"series_id": series.id})
        people = frozenset(row.person_id for row in rows)
    return Setting(own_place(series), people)


def put_setting(series: Series, setting: Setting) -> None:
    """Keep where a series meets and whom it is for, instead of what was kept before."""
    for name, value in setting.columns().items():
        setattr(series, name, value)
    db.session.flush()
    run(_FORGET, {"of_series": series.id})
    keep_people(series, setting.people)


def keep_people(series: Series, people: frozenset[UUID] | None) -> None:
    """Keep whom a new series is for, where that is not everybody."""
    if people:
        run(_KEEP, [{"series_id": series.id, "person_id": one} for one in sorted(people)])


def due_of(session: Session) -> datetime:
    """The naive local time that its series gives a session, whether it was moved singly or not."""
    return datetime.fromisoformat(session.due_local or session.original_local)


def rows_of(series_id: UUID, *conditions: ColumnElement[bool]) -> list[Session]:
    """Sessions of a series as they are now, in the order of its rule."""
    query = select(Session).where(Session.series_id == series_id, *conditions).order_by(DUE)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def coming(series_id: UUID, at: datetime, from_due: datetime | None = None) -> list[Session]:
    """What is planned and still to begin, from an occurrence on when `from_due` is given."""
    conditions = [Session.starts_at > at, Session.state == SessionState.PLANNED]
    if from_due is not None:
        conditions.append(local_key(from_due) <= DUE)
    return rows_of(series_id, *conditions)
