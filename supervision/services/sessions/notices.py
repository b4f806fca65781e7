"""What is to be told of a change, kept with the change itself until the worker writes the mails.

Subscribed calendars may lag by a day, so every change is also mailed at once. To write a mail in
each reader's language and own time takes longer than the change itself: nobody waits for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import insert

from supervision.db import run, table
from supervision.domain.intervals import Interval
from supervision.models.mail import Announcement
from supervision.permissions import Actor
from supervision.services.claims import Claimant
from supervision.services.places import Held
from supervision.services.sessions.setting import OwnPlace

SHOWN = 4


@dataclass(frozen=True)
class Notice:
    """One change to tell of, its `verb` a key of `letters.WORDS`.

    `event` and `sequence` make it unique; `path` leads to its page; `spans` are the times now in
    force, in order, and `before` the former time of a single session that moved. `warnings` are
    the busy times that each person had already. `place` is the sessions' own, None the roster's.
    `session_ids` are those of the times, in any order, where they are in a calendar.
    """

    event: str
    sequence: int
    verb: str
    spans: Sequence[Interval]
    path: str
    message: str = ""
    before: Interval | None = None
    warnings: dict[UUID, Sequence[Interval]] = field(default_factory=dict)
    place: OwnPlace | None = None
    session_ids: Sequence[UUID] = ()


@dataclass(frozen=True)
class Told:
    """A change as the mails tell it, with the roster as it was then.

    `name` is that of who did it, None for the calendar itself. `spans` are the first of `count`
    times, `busy` the first times at which a reader has something else. `session_ids` are all
    of them, for who takes invitations; so does perhaps `doer`, who did it and is not told.
    """

    event: str
    sequence: int
    verb: str
    name: str | None
    title: str
    zone: str
    address: str
    meeting_link: str
    link: str
    message: str
    count: int
    spans: list[Interval]
    before: Interval | None
    busy: dict[UUID, list[datetime]]
    readers: list[UUID]
    session_ids: list[UUID] = field(default_factory=list)
    doer: UUID | None = None


AS_JSON = TypeAdapter(Told)
_INSERT = insert(table(Announcement)).inline()


def notify(
    actor: Actor | None,
    at: datetime,
    roster: Held,
    members: Iterable[Claimant],
    notice: Notice,
    base_url: str,
) -> None:
    """Have every one of these members told but the one who did it.

    That one gets no more than an invitation, if they take those.
    """
    people = [one.person_id for one in members]
    doer = actor.id if actor and actor.id in people else None
    readers = [one for one in people if one != doer]
    if readers or (doer and notice.session_ids):
        told = _told(actor, roster, notice, readers, doer, base_url)
        values = {"told": AS_JSON.dump_json(told).decode(), "created_at": at, "due_at": at}
        run(_INSERT, values)


def _told(
    actor: Actor | None,
    roster: Held,
    notice: Notice,
    readers: list[UUID],
    doer: UUID | None,
    base_url: str,
) -> Told:
    place = notice.place or OwnPlace(roster.address, roster.meeting_link)
    return Told(
        event=notice.event,
        sequence=notice.sequence,
        verb=notice.verb,
        name=actor.name if actor else None,
        title=roster.title,
        zone=roster.zone,
        address=place.address,
        meeting_link=place.meeting_link,
        link=f"{base_url}{notice.path}" if base_url else "",
        message=notice.message,
        count=len(notice.spans),
        spans=list(notice.spans[:SHOWN]),
        before=notice.before,
        busy={
            reader: [span.start for span in notice.warnings[reader][:SHOWN]]
            for reader in readers
            if reader in notice.warnings
        },
        readers=readers,
        session_ids=list(notice.session_ids),
        doer=doer,
    )
