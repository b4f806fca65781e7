"""The attendance of one session: what stands or is likely, what stood before, who agrees."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from supervision.domain.attendance import SETTLES, Standing, quarters, whole_minutes
from supervision.models.attendance import THERE, Came
from supervision.models.rosters import Kind
from supervision.services.attendance.rows import Membered
from supervision.services.attendance.words import CAME

# Nobody was at a session that was cancelled late; only whose doing it was can be said.
OF_CANCELLED = (Came.LATE, Came.CANCELLED, Came.ON_LEAVE)


@dataclass(frozen=True)
class Said:
    """What became of a session for somebody: a `Came`, with `minutes` where they were there."""

    state: str
    minutes: int | None = None

    @property
    def there(self) -> bool:
        return self.state in THERE

    @property
    def words(self) -> str:
        """The state as a msgid."""
        return CAME[self.state]


@dataclass(frozen=True)
class Version:
    """What was said of somebody by the session's marking of this number, by whom, when and why."""

    number: int
    said: Said
    by_id: UUID
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Answer:
    """What somebody says to the marking of this version."""

    person_id: UUID
    name: str
    version: int
    agrees: bool
    words: str
    at: datetime


@dataclass(frozen=True)
class Line:
    """One person: what stands, or is likely while nothing is marked, and what stood before.

    `remark`: in their own words, why what stands is not right; empty where they have none.
    `absent_at`: when they said that they could not come, if that is known.
    """

    person_id: UUID
    name: str
    role: str
    contracted: bool
    guest: bool
    said: Said
    versions: tuple[Version, ...] = ()
    remark: str = ""
    said_absent: bool = False
    absent_at: datetime | None = None

    @property
    def version(self) -> int:
        return self.versions[-1].number if self.versions else 0


@dataclass(frozen=True)
class Sheet:
    """A session's attendance; `version` counts its markings, 0 while there is none.

    `length` are its minutes as planned. Who may not mark has their own line alone. `agreed` of
    `expected` people, who marked it among them, say that it is right; `settles_at` is when more
    than half of them are enough.
    """

    session_id: UUID
    roster_id: UUID
    title: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    length: int
    cancelled: bool
    version: int
    lines: list[Line]
    answers: list[Answer]
    others: list[Membered]
    mine: Line | None
    my_answer: bool | None
    marked: Version | None
    standing: Standing
    agreed: int
    expected: int
    may_mark: bool
    needs_reason: bool

    @property
    def whole(self) -> int:
        return whole_minutes(self.length)

    @property
    def quarters(self) -> tuple[int, ...]:
        return quarters(self.length)

    @property
    def states(self) -> tuple[str, ...]:
        """What can be said of somebody."""
        return OF_CANCELLED if self.cancelled else tuple(Came)

    @property
    def equals(self) -> bool:
        """Whether nobody leads, so that the members confirm it."""
        return self.kind == Kind.PEER

    @property
    def everybody(self) -> bool:
        """Whether nothing speaks against everybody having been there."""
        return all(line.said.there for line in self.lines)

    @property
    def last(self) -> Version | None:
        """The last marking of what the viewer sees."""
        versions = [version for line in self.lines for version in line.versions]
        return max(versions, key=lambda one: one.number, default=None)

    @property
    def dissent(self) -> list[Answer]:
        """The last answers to what stands now, of those who do not agree."""
        last = {one.person_id: one for one in self.answers if one.version == self.version}
        return [one for one in last.values() if not one.agrees]

    @property
    def settles_at(self) -> datetime | None:
        return self.marked.at + SETTLES if self.marked else None

    @property
    def may_answer(self) -> bool:
        """Whether somebody else said something of the viewer that they can agree to or not."""
        if self.marked is None or self.mine is None:
            return False
        last = self.marked if self.equals else self.mine.versions[-1]
        return last.by_id != self.mine.person_id
