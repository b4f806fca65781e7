"""The pages of a calendar: which days they show, and where on a day its sessions stand.

Days are local dates of the viewer's zone. A day's minutes are those of the clock on the wall, so
every day is 1,440 of them tall, also when it lasts 23 or 25 hours.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Generic, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval

VIEWS = ("week", "month", "agenda")
EARLIEST = date(1971, 1, 1)
LATEST = date(2199, 12, 31)
OFFICE = (8, 18)
SHORTEST = 20
STEP = 5
DAY = 24 * 60
INSTANT = timedelta(microseconds=1)


class Timed(Protocol):
    """Anything that takes time: [starts_at, ends_at), aware instants."""

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


Item = TypeVar("Item", bound=Timed)


class Piece(NamedTuple, Generic[Item]):
    """The part of an item that falls on one local day, as it is drawn.

    `top` and `bottom` are wall-clock minutes in steps of five, at least SHORTEST apart. Pieces of
    a day that would cover each other stand in `lanes` lanes, this one in number `lane` from 0.
    `begins`: the item begins on this day; otherwise it goes on from the day before.
    """

    item: Item
    top: int
    bottom: int
    begins: bool
    lane: int = 0
    lanes: int = 1

    @property
    def minutes(self) -> int:
        return self.bottom - self.top


def week(day: date, week_starts: int) -> list[date]:
    """The seven days around `day`, from weekday `week_starts` (0 is Monday)."""
    first = day - timedelta(days=(day.weekday() - week_starts) % 7)
    return _run(first, 7)


def month(day: date, week_starts: int) -> list[date]:
    """Six whole weeks that hold the month of `day`."""
    return _run(week(day.replace(day=1), week_starts)[0], 42)


def agenda(day: date) -> list[date]:
    """Four weeks from `day` on, whatever weekday it is."""
    return _run(day, 28)


def days(view: str, day: date, week_starts: int) -> list[date]:
    """What a view (one of VIEWS) shows around `day`."""
    if view == "agenda":
        return agenda(day)
    return week(day, week_starts) if view == "week" else month(day, week_starts)


def neighbours(view: str, day: date) -> tuple[date, date]:
    """A day of the page before and of the page after, within EARLIEST and LATEST."""
    if view == "month":
        before, after = _month_after(day, -1), _month_after(day, 1)
    else:
        length = timedelta(days=7 if view == "week" else 28)
        before, after = day - length, day + length
    return max(before, EARLIEST), min(after, LATEST)


def _month_after(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _run(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def span(shown: Sequence[date], zone: str) -> Interval:
    """The instants of a run of local days, in UTC. A day whose midnight is left out starts later.

    `fold=0` is right for both faults of a midnight: the instant of the gap, the first of two.
    """
    place = ZoneInfo(zone)
    after = shown[-1] + timedelta(days=1)
    first, last = (datetime.combine(day, time(), place) for day in (shown[0], after))
    return Interval(first.astimezone(UTC), last.astimezone(UTC))


def by_day(
    items: Iterable[Item], shown: Sequence[date], zone: str
) -> dict[date, list[Piece[Item]]]:
    """The pieces of each day in `shown`, in the order in which they happen, packed in lanes."""
    place = ZoneInfo(zone)
    found: dict[date, list[Piece[Item]]] = {day: [] for day in shown}
    for item in items:
        for day, piece in _pieces(item, place):
            if day in found:
                found[day].append(piece)
    return {day: sorted(_packed(pieces), key=_moment) for day, pieces in found.items()}


def _moment(piece: Piece[Item]) -> tuple[datetime, datetime]:
    """Not the clock on the wall: in an hour that comes twice it would mix the two."""
    return piece.item.starts_at, piece.item.ends_at


def _pieces(item: Item, place: ZoneInfo) -> Iterable[tuple[date, Piece[Item]]]:
    start, end = item.starts_at.astimezone(place), item.ends_at.astimezone(place)
    first, last = start.date(), (item.ends_at - INSTANT).astimezone(place).date()
    for n in range(max((last - first).days, 0) + 1):
        day = first + timedelta(days=n)
        top = _minute(start) if n == 0 else 0
        bottom = _minute(end) if end.date() == day else DAY
        if bottom <= top:  # the clock went back meanwhile: draw it as long as it lasts
            bottom = top + int((item.ends_at - item.starts_at) / timedelta(minutes=1))
        yield day, _drawn(item, top, min(bottom, DAY), begins=n == 0)


def _drawn(item: Item, top: int, bottom: int, *, begins: bool) -> Piece[Item]:
    top = min(_step(top), DAY - SHORTEST)
    return Piece(item, top, max(_step(bottom), top + SHORTEST), begins)


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _step(minute: int) -> int:
    return minute // STEP * STEP


def _packed(pieces: list[Piece[Item]]) -> list[Piece[Item]]:
    """Each piece in the first free lane; those that touch one another share the width."""
    done: list[Piece[Item]] = []
    group: list[Piece[Item]] = []
    ends: list[int] = []  # where each lane of the group is free again
    for piece in sorted(pieces, key=_place):
        if group and piece.top >= max(ends):
            done += _shared(group, len(ends))
            group, ends = [], []
        free = (n for n, end in enumerate(ends) if end <= piece.top)
        lane = next(free, len(ends))
        ends[lane : lane + 1] = [piece.bottom]
        group.append(piece._replace(lane=lane) if lane else piece)
    return done + _shared(group, len(ends))


def _place(piece: Piece[Item]) -> tuple[int, int]:
    return piece.top, piece.bottom


def _shared(group: list[Piece[Item]], lanes: int) -> list[Piece[Item]]:
    return [piece._replace(lanes=lanes) for piece in group] if lanes > 1 else group


def hours(pieces: Iterable[Piece[Item]]) -> tuple[int, int]:
    """The whole hours [from, to) of the day to draw: the working day, and more if need be."""
    shown = list(pieces)
    first = min((piece.top // 60 for piece in shown), default=OFFICE[0])
    last = max((-(-piece.bottom // 60) for piece in shown), default=OFFICE[1])
    return min(first, OFFICE[0]), max(last, OFFICE[1])
