"""The series that mails about sessions invite to, each as one rule, for who takes invitations.

What is said of a series is made from its sessions as they are when the mail is written. Nothing of
it is said twice: what somebody was invited to singly is left out of the rule.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from urllib.parse import urljoin
from uuid import UUID

from supervision.db import run, upsert
from supervision.domain.ical import Occurrence
from supervision.domain.intervals import Interval
from supervision.domain.invitations import Invitation, Otherwise, Repeats, Within
from supervision.domain.recurrence import LONGEST, resolve
from supervision.domain.repeating import Meeting, Said, fitting, said
from supervision.domain.skips import LeftOut
from supervision.models.replies import SeriesInvitation, SessionReply
from supervision.services.mail import Reader
from supervision.services.sessions import series_rows
from supervision.services.sessions.invitations import (
    CANCELS,
    INVITES,
    QUIET,
    everybody,
    takers,
    worded,
)
from supervision.services.sessions.notices import SHOWN, Told
from supervision.services.sessions.series_rows import NEVER, Found, Held, Key, Known

# What may be mailed of one occurrence alone, since all else in the calendar stays as it is.
ALONE = ("moved", "moved_late", "changed", "cancelled", "cancelled_late", "taken_off")
# Where no rule says a series, so many of its sessions are mailed singly; more are a nuisance.
MOST_SINGLY = 12
SECOND = timedelta(seconds=1)
HELD = ("sequence", "whole_sequence", "stamped_at", "goes_on", "held")


@dataclass(frozen=True)
class News:
    """What one person's calendar is told of a series; `says` None: that it is no more.

    `spans` are what is to come, or what will not; `sequence` is the invitation's. With `one` that
    occurrence alone is told of, and with `gone` that it will not be. `whole`: the change is of
    this series alone.
    """

    series: Found
    says: Said | None
    spans: list[Interval]
    sequence: int
    stamped_at: datetime
    whole: bool
    one: series_rows.Told | None = None
    gone: bool = False

    def is_all_of(self, _told: Told) -> bool:
        return self.whole

    def alone(self, told: Told) -> Told:
        verb = "series" if self.says else "left" if told.verb == "left" else "cancelled"
        return replace(
            told,
            event=f"series-invitation:{self.series.id}",
            sequence=self.sequence,
            verb=verb,
            link=_page(told, f"/rosters/{self.series.roster_id}"),
            count=len(self.spans),
            spans=self.spans[:SHOWN],
            before=None,
            busy={},
        )

    def invitation(self, told: Told, reader: Reader) -> Invitation:
        lead, zone = self.series.lead or self.series.title, self.series.zone
        if self.one:
            due = self.one.meeting.due
            within = Within(self.series.id, due, zone, self.one.sequence)
            event = self._occurrence(told, self.one.meeting, self.one.created_at, self.gone)
            return Invitation(event, lead, reader.name, reader.id, within=within)
        if self.says is None:
            return Invitation(self._event(told, self._span, True), lead, reader.name, reader.id)
        event = self._event(told, self.says.span, False)
        repeats = Repeats(
            zone,
            self.says.rrule,
            self._last_day(self.says),
            list(self.says.left_out),
            [
                Otherwise(one.due, self._occurrence(told, one, self.series.created_at))
                for one in self.says.changed
            ],
        )
        return Invitation(event, lead, reader.name, reader.id, repeats)

    @property
    def _span(self) -> Interval:
        start = resolve(datetime.fromisoformat(self.series.starts_local), self.series.zone)
        return Interval.lasting(start.starts_at, self.series.minutes)

    def _last_day(self, says: Said) -> date:
        """Up to which day the zone has to be true: without an end, for as long as series go."""
        last = says.last.date()
        return max(last, self.stamped_at.date() + LONGEST) if says.goes_on else last

    def _event(self, told: Told, span: Interval, cancelled: bool) -> Occurrence:
        event = Occurrence(
            id=self.series.id,
            starts_at=span.start,
            ends_at=span.end,
            created_at=self.series.created_at,
            stamped_at=self.stamped_at,
            sequence=self.sequence,
            cancelled=cancelled,
            summary=self.series.title,
            url=_page(told, f"/rosters/{self.series.roster_id}"),
        )
        return worded(event, *self.series.place)

    def _occurrence(
        self, told: Told, one: Meeting, created_at: datetime, cancelled: bool = False
    ) -> Occurrence:
        event = Occurrence(
            id=one.id,
            starts_at=one.span.start,
            ends_at=one.span.end,
            created_at=created_at,
            stamped_at=self.stamped_at,
            sequence=self.sequence,
            cancelled=cancelled,
            summary=self.series.title,
            url=_page(told, f"/sessions/{one.id}"),
        )
        return worded(event, *one.place)


def _page(told: Told, path: str) -> str:
    return urljoin(told.link, path) if told.link else ""


@dataclass
class BySeries:
    """By person what is told of series. Pairs of session and person: what is `heard` by that, and
    what is to be told `singly`, since no rule says it. `held` and `alone` are rows to keep.
    """

    news: dict[UUID, list[News]] = field(default_factory=dict)
    heard: set[Key] = field(default_factory=set)
    singly: set[Key] = field(default_factory=set)
    held: list[dict[str, object]] = field(default_factory=list)
    alone: list[dict[str, object]] = field(default_factory=list)

    def remember(self) -> None:
        """Write down what calendars hold by this news."""
        if self.held:
            run(upsert(SeriesInvitation, ["series_id", "person_id"], HELD), self.held)
        if self.alone:
            run(upsert(SessionReply, ["session_id", "person_id"], ["series_sequence"]), self.alone)


def invited_series(told: Told, at: datetime) -> BySeries:
    """What each person's calendar is to be told of the series of a change.

    Who was invited to a series hears of each change. Who takes invitations is invited by a change
    of several sessions of it, if it is of no other and nobody signs up for them. It writes down
    what they hold then.
    """
    found = BySeries()
    if not told.session_ids or told.verb not in (*INVITES, *CANCELS, *QUIET):
        return found
    people = everybody(told)
    known = series_rows.known(told.session_ids, people)
    if known is None:
        return found
    whole = known.whole(told.session_ids)
    several = told.verb in INVITES and len(told.session_ids) > 1
    new = takers(people) if several and whole and not known.has_seats else set()
    for person_id in people:
        for series in known.series.values():
            look = _Look(told, at, known, series, person_id, series.id == whole)
            if look.wanted(person_id in new):
                look.note(found)
    found.remember()
    return found


@dataclass(frozen=True)
class _Look:
    """At one series, for one person."""

    told: Told
    at: datetime
    known: Known
    series: Found
    person_id: UUID
    whole: bool

    @property
    def key(self) -> Key:
        return self.series.id, self.person_id

    @property
    def held(self) -> Held:
        return self.known.held.get(self.key, NEVER)

    @cached_property
    def here(self) -> list[series_rows.Told]:
        """The sessions of the change that the invitation to the series is about."""
        return [
            one
            for one in self.known.told_of(self.series.id)
            if (one.meeting.id, self.person_id) not in self.known.singly
        ]

    def wanted(self, is_new: bool) -> bool:
        """Whether they have the series, or what it was split from, or are to have it from now."""
        former = self.known.held.get((self.series.split_from_id, self.person_id), NEVER)
        return bool(self.held.held or (self.here and (is_new or former.held)))

    def note(self, found: BySeries) -> None:
        """Work out what is told, and write down that it was."""
        meetings = self._meetings()
        rule = self.series.rule(goes_on=self.key in self.known.stays)
        on = fitting(rule, meetings)
        says = said(rule, on, self.series.place, self.at)
        ruled = {one.id for one in on} if says else set()
        coming = [one for one in meetings if one.span.start > self.at]
        off = {(one.id, self.person_id) for one in coming if one.id not in ruled}
        if self.told.verb in INVITES and len(off) <= MOST_SINGLY:
            found.singly |= off
        fits = fitting(rule, [one.meeting for one in self.here])
        theirs = [one for one in coming if one.id in ruled]
        if self._matters(says, bool(theirs), bool(fits)):
            spans = sorted(one.span for one in (theirs if says else fits))
            news = self._news(says, spans, self._one(says, fits), ruled)
            found.news.setdefault(self.person_id, []).append(news)
            found.heard |= {(one.id, self.person_id) for one in fits}
            found.held.append(self._row(news))
            found.alone += self._alone(news)

    def _meetings(self) -> list[Meeting]:
        known = self.known
        every = known.have.get(self.key, [])
        return [one for one in every if (one.id, self.person_id) not in known.singly]

    def _matters(self, says: Said | None, comes: bool, fits: bool) -> bool:
        """Whether their calendar has to hear of it."""
        if not self.held.held:
            return says is not None and comes
        return fits or self._digest(says) != self.held.held

    def _news(
        self,
        says: Said | None,
        spans: list[Interval],
        one: series_rows.Told | None,
        ruled: Collection[UUID],
    ) -> News:
        return News(
            self.series,
            says,
            spans,
            self.held.sequence + 1,
            max(self.at.replace(microsecond=0), self.held.stamped_at + SECOND),
            self.whole,
            one,
            gone=one is not None and one.meeting.id not in ruled,
        )

    def _one(self, says: Said | None, fits: Sequence[Meeting]) -> series_rows.Told | None:
        """The occurrence that is told of alone, if that is enough."""
        if says is None or not fits or len(self.told.session_ids) > 1 or not self.held.held:
            return None
        # Days that are left out may be more than those that have sessions.
        left_out = fits[0].due.date() in LeftOut.parse(self.series.skips)
        same_end = self.held.goes_on == says.goes_on
        alone = self.told.verb in ALONE and same_end and not left_out
        return self.here[0] if alone else None

    def _digest(self, says: Said | None) -> str:
        if says is None:
            return ""
        return sha256(repr((says, self.series.title, self.series.place)).encode()).hexdigest()

    def _row(self, news: News) -> dict[str, object]:
        return {
            "series_id": self.series.id,
            "person_id": self.person_id,
            "sequence": news.sequence,
            "whole_sequence": self.held.whole_sequence if news.one else news.sequence,
            "stamped_at": news.stamped_at,
            "goes_on": bool(news.says and news.says.goes_on),
            "held": self._digest(news.says),
        }

    def _alone(self, news: News) -> Iterator[dict[str, object]]:
        """What an answer to an older mail does not answer any more."""
        if news.one and not news.gone:
            yield {
                "session_id": news.one.meeting.id,
                "person_id": self.person_id,
                "starts_at": news.one.meeting.span.start,
                "sequence": news.one.sequence,
                "series_sequence": news.sequence,
            }
