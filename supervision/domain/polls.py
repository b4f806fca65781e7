"""Which of the proposed times is the best, by what everybody said to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from supervision.domain.finding import Hour


@dataclass(frozen=True)
class Tally:
    """What was said to one start, and how kind its hour is to each member.

    `missing` of those who have to be there say no. `possible`: it is still to come, and nobody who
    has to be there is busy then.
    """

    starts_at: datetime
    yes: int
    maybe: int
    no: int
    missing: int
    hours: tuple[Hour, ...]
    possible: bool = True


def rank(tallies: Iterable[Tally]) -> list[Tally]:
    """The best first: what is possible; most yes; fewest missing; the kindest hours; the soonest.

    Hours are compared as `finding.kindest` does: by the worst of all, then by their sum.
    """
    return sorted(tallies, key=_key)


def _key(tally: Tally) -> tuple[bool, int, int, int, int, datetime]:
    return (
        not tally.possible,
        -tally.yes,
        tally.missing,
        max(tally.hours, default=Hour.GOOD),
        sum(tally.hours),
        tally.starts_at,
    )
