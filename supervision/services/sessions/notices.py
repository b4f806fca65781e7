"""Mails about changes, in each reader's own time, queued in the transaction of the change.

Subscribed calendars may lag by a day, so every change is also mailed at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date

from supervision.domain.intervals import Interval
from supervision.models.rosters import Roster
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.sessions.plan import Member

SHOWN = 4


@dataclass(frozen=True)
class Notice:
    """One change to tell of.

    `event` and `sequence` make it unique; `path` leads to its page; `spans` are the times now in
    force, in order, and `before` the former time of a single session that moved.
    """

    event: str
    sequence: int
    verb: str
    spans: Sequence[Interval]
    path: str
    message: str = ""
    before: Interval | None = None
    warnings: dict[UUID, Sequence[Interval]] = field(default_factory=dict)


def notify(
    actor: Actor | None,
    at: datetime,
    roster: Roster,
    members: Iterable[Member],
    notice: Notice,
    base_url: str,
) -> None:
    """Queue a mail to every member but the one who did it."""
    for member in members:
        if actor is not None and member.person_id == actor.id:
            continue
        mail.queue(
            notice.event,
            member.email,
            _subject(roster, member, notice),
            _body(actor, roster, member, notice, base_url),
            at,
            member.person_id,
            notice.sequence,
        )


def _subject(roster: Roster, member: Member, notice: Notice) -> str:
    first = notice.spans[0].start.astimezone(ZoneInfo(member.zone))
    when = f"{_day(first)}, {_clock(first, member)}"
    start = "from " if len(notice.spans) > 1 else ""
    return f"{notice.verb.capitalize()}: {roster.title}, {start}{when}"


def _body(
    actor: Actor | None, roster: Roster, member: Member, notice: Notice, base_url: str
) -> str:
    many = len(notice.spans)
    what = "a session" if many == 1 else f"{many} sessions"
    who = f"{actor.name} has" if actor else "The calendar has"
    parts = [
        f"Hello {member.name},",
        f"{who} {notice.verb} {what} of “{roster.title}”.",
        _times(member, roster, notice),
    ]
    if notice.verb != "cancelled":
        parts.append(_place(roster))
    if notice.message:
        name = actor.name if actor else ""
        parts.append(f"{name} writes:\n{notice.message}")
    parts.append(_busy(member, notice))
    parts.append(f"{base_url}{notice.path}" if base_url else "")
    return "\n\n".join(part for part in parts if part) + "\n"


def _times(member: Member, roster: Roster, notice: Notice) -> str:
    lines = []
    if notice.before:
        lines.append(f"Before: {_when(notice.before, member, roster)}")
    label = "Now: " if notice.before else ""
    lines += [label + _when(span, member, roster) for span in notice.spans[:SHOWN]]
    if len(notice.spans) > SHOWN:
        lines.append(f"… and {len(notice.spans) - SHOWN} more")
    return "\n".join(lines)


def _when(span: Interval, member: Member, roster: Roster) -> str:
    """Tue 24 Nov 2026, 14:30 to 15:20 (Toronto); 19:30 in London."""
    start = span.start.astimezone(ZoneInfo(member.zone))
    end = span.end.astimezone(ZoneInfo(member.zone))
    text = f"{_day(start)}, {_clock(start, member)} to {_clock(end, member)}"
    there = span.start.astimezone(ZoneInfo(roster.zone))
    if there.utcoffset() == start.utcoffset():
        return f"{text} ({_city(member.zone)})"
    return f"{text} ({_city(member.zone)}); {_clock(there, member)} in {_city(roster.zone)}"


def _place(roster: Roster) -> str:
    lines = [("Place", roster.address), ("Meeting link", roster.meeting_link)]
    return "\n".join(f"{label}: {value}" for label, value in lines if value)


def _busy(member: Member, notice: Notice) -> str:
    found = notice.warnings.get(member.person_id, ())
    lines = [f"- {_day(at)}, {_clock(at, member)}" for at in _starts(found, member)]
    return "\n".join(["You have something else at these times:", *lines]) if lines else ""


def _starts(found: Sequence[Interval], member: Member) -> list[datetime]:
    return [span.start.astimezone(ZoneInfo(member.zone)) for span in found[:SHOWN]]


def _day(local: datetime) -> str:
    return format_date(local.date(), "EEE d MMM yyyy", "en")


def _clock(local: datetime, member: Member) -> str:
    if member.clock == "24":
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
