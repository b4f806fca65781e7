"""Sessions from a calendar into a roster: what would be added, then all of it at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from supervision.db import run, table
from supervision.domain.importing.events import AHEAD, BEHIND, Found
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Occurrence, resolve
from supervision.errors import N_, Conflict
from supervision.models.sessions import BUSY, Session
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.claims import Claimant, Clash
from supervision.services.importing import child
from supervision.services.places import Held, hold_to_run, run_roster
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import booked_verb, own_warnings
from supervision.services.sessions.plan import insert_sessions, members_of
from supervision.services.sessions.setting import USUAL
from supervision.services.sessions.whose import takers_of

BEFORE = N_("It was imported before.")
SAME_START = N_("This roster has a session at this time.")
TWICE = N_("It is in the file twice.")
IN_FILE = N_("It overlaps another event of this file.")
BUSY_THEN = N_("%(name)s is busy at this time.")

# The look may be a while ago when the choice is made.
SLACK = timedelta(days=1)

_SESSION = table(Session)
_IMPORTED = select(_SESSION.c.id).where(
    _SESSION.c.roster_id == bindparam("roster_id"),
    _SESSION.c.id.in_(bindparam("ids", expanding=True)),
)
_STARTS = select(_SESSION.c.starts_at).where(
    _SESSION.c.roster_id == bindparam("roster_id"),
    _SESSION.c.starts_at.in_(bindparam("starts", expanding=True)),
    _SESSION.c.state.in_(BUSY),
)


@dataclass(frozen=True)
class Line:
    """An event and what would come of it: `left_out` (a msgid) says why nothing can.

    `id` is that of its session; `busy` names those who have something else then, softly.
    """

    id: UUID
    found: Found
    is_past: bool
    left_out: str = ""
    params: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Clash, ...] = ()

    @property
    def span(self) -> Interval:
        return Interval(self.found.starts_at, self.found.ends_at)

    @property
    def busy(self) -> list[str]:
        return sorted({clash.name for clash in self.warnings})


@dataclass(frozen=True)
class Added:
    """How many sessions were added, and how many of them are past."""

    sessions: int
    past: int


def read_calendar(actor: Actor, at: datetime, roster_id: UUID, body: bytes) -> list[Found]:
    """The events of a file, local times read as the roster's. Slow: outside of any transaction.

    Raises NotFound, NotAllowed, Conflict (the roster has ended), Unreadable.
    """
    roster, _place = run_roster(actor, roster_id)
    return child.ask(body, roster.zone, at)


def lines_of(actor: Actor, at: datetime, roster_id: UUID, found: Sequence[Found]) -> list[Line]:
    """What would come of each event, in order of time; no session is written.

    Raises NotFound, NotAllowed, Conflict.
    """
    roster = hold_to_run(actor, roster_id)
    return _lines(roster, takers_of(roster, members_of(roster), USUAL), at, found)


def session_id(roster_id: UUID, key: str) -> UUID:
    """The id of an event's session in a roster: the same whenever it is imported."""
    return uuid5(roster_id, key)


def _lines(
    roster: Held, members: Sequence[Claimant], at: datetime, found: Sequence[Found]
) -> list[Line]:
    lines = [
        Line(session_id(roster.id, one.key), one, one.starts_at <= at, one.left_out)
        for one in sorted(found, key=lambda one: (one.starts_at, one.ends_at, one.key))
        if at - BEHIND - SLACK <= one.starts_at < at + AHEAD
    ]
    lines = _without_known(roster.id, lines)
    lines = _without_clashes(lines, _by_start(claims.clashes(members, _open(lines), at)))
    return _without_overlaps(lines, any(one.hard for one in members))


def _open(lines: Iterable[Line]) -> list[Interval]:
    return [line.span for line in lines if not line.left_out]


def _without_known(roster_id: UUID, lines: Sequence[Line]) -> list[Line]:
    """Leave out what was imported before, what has a session at its start, and repetitions."""
    ids, starts = [line.id for line in lines], [line.span.start for line in lines]
    known = {row.id for row in run(_IMPORTED, {"roster_id": roster_id, "ids": ids})}
    taken = {row.starts_at for row in run(_STARTS, {"roster_id": roster_id, "starts": starts})}
    seen: set[object] = set()

    def judged(line: Line) -> Line:
        if line.left_out:
            return line
        if line.id in known:
            return replace(line, left_out=BEFORE)
        if line.span.start in taken:
            return replace(line, left_out=SAME_START)
        if {line.id, line.span.start} & seen:
            return replace(line, left_out=TWICE)
        seen.update((line.id, line.span.start))
        return line

    return [judged(line) for line in lines]


def _by_start(clashes: Iterable[Clash]) -> dict[datetime, list[Clash]]:
    found: dict[datetime, list[Clash]] = defaultdict(list)
    for clash in clashes:
        found[clash.wanted_at].append(clash)
    return found


def _without_clashes(lines: Sequence[Line], clashes: dict[datetime, list[Clash]]) -> list[Line]:
    """Leave out what somebody cannot come to; keep, with a warning, what they could."""

    def judged(line: Line) -> Line:
        met = [] if line.left_out else clashes.get(line.span.start, [])
        hard = next((clash for clash in met if clash.hard), None)
        if hard:
            return replace(line, left_out=BUSY_THEN, params=(("name", hard.name),))
        return replace(line, warnings=tuple(met))

    return [judged(line) for line in lines]


def _without_overlaps(lines: Sequence[Line], hard: bool) -> list[Line]:
    """Of two events at once the first stays, where somebody has to be in both."""
    judged: list[Line] = []
    until: datetime | None = None
    for line in lines:
        if hard and not line.left_out and until is not None and line.span.start < until:
            line = replace(line, left_out=IN_FILE)  # noqa: PLW2901 - judged, then kept
        elif not line.left_out:
            until = line.span.end
        judged.append(line)
    return judged


def add_sessions(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    found: Sequence[Found],
    chosen: Collection[UUID],
    base_url: str = "",
) -> Added:
    """Add the chosen sessions to a roster, or none; whoever is in the roster now is in them.

    Where members sign up, what is to come is open to them; all are in what has been.
    What is to come is told by one mail to each; of the past nobody is told. Everything is looked
    at anew. Raises NotFound, NotAllowed, and Conflict when a chosen one cannot be added any more
    or none was chosen.
    """
    roster = hold_to_run(actor, roster_id)
    members = members_of(roster)
    takers = takers_of(roster, members, USUAL)
    claims.serialise(member.person_id for member in members)
    wanted = [line for line in _lines(roster, takers, at, found) if line.id in chosen]
    if not wanted:
        raise Conflict(N_("Choose at least one session."))
    if any(line.left_out for line in wanted):
        raise Conflict(N_("Something changed meanwhile. Look at the list again."))
    was, coming = ([one for one in wanted if one.is_past == past] for past in (True, False))
    without_seats = replace(roster, session_capacity=None)
    claims.claim(_insert(actor, at, without_seats, was), members)
    claims.claim(_insert(actor, at, roster, coming), takers)
    past = len(was)
    record(Act.IMPORT_SESSIONS, at, actor.id, roster_id, sessions=len(wanted), past=past)
    if coming:
        _tell(actor, at, roster, members, coming, base_url)
    return Added(len(wanted), past)


def _insert(
    actor: Actor, at: datetime, roster: Held, lines: Sequence[Line]
) -> list[tuple[UUID, Interval]]:
    by_length: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_length[round((line.span.end - line.span.start).total_seconds() / 60)].append(line)
    placed: list[tuple[UUID, Interval]] = []
    for minutes, same in by_length.items():
        due = [_occurrence(line, roster.zone) for line in same]
        ids = [line.id for line in same]
        placed += insert_sessions(roster, due, minutes, made_by_id=actor.id, at=at, ids=ids)
    return placed


def _occurrence(line: Line, zone: str) -> Occurrence:
    """The instant is the event's; what the roster's clocks show then is its local time."""
    start = line.span.start
    local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    return Occurrence(local, start, resolve(local, zone).shifted)


def _tell(
    actor: Actor,
    at: datetime,
    roster: Held,
    members: Sequence[Claimant],
    coming: Sequence[Line],
    base_url: str,
) -> None:
    met = [clash for line in coming for clash in line.warnings]
    notice = Notice(
        f"import:{roster.id}:{at:%Y%m%d%H%M%S}",
        0,
        booked_verb(roster, USUAL),
        [line.span for line in coming],
        f"/rosters/{roster.id}",
        warnings=own_warnings(met),
    )
    notify(actor, at, roster, members, notice, base_url)
