"""Days that a series leaves out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from supervision.errors import N_, Invalid

MOST = 60


@dataclass(frozen=True)
class LeftOut:
    """Local days on which a series does not meet: spans of them, first and last inclusive.

    `text` keeps them as ISO 8601 intervals of dates, `2026-12-24/2027-01-04`, a space between.
    """

    spans: tuple[tuple[date, date], ...] = ()

    def __contains__(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.spans)

    def and_days(self, first: date, last: date) -> "LeftOut":
        """These and further days, without telling one twice. Raises Invalid."""
        if last < first:
            raise Invalid("skip_last", N_("The last day lies before the first."))
        spans = sorted({*self.spans, (first, last)})
        kept = tuple(
            one for one in spans if not any(_holds(other, one) for other in spans if other != one)
        )
        if len(kept) > MOST:
            raise Invalid("skip_first", N_("A series can leave out %(most)s times."), most=MOST)
        return LeftOut(kept)

    def and_each(self, days: Iterable[date]) -> "LeftOut":
        """These and further single days."""
        found = self
        for day in days:
            found = found.and_days(day, day)
        return found

    def text(self) -> str:
        return " ".join(f"{first}/{last}" for first, last in self.spans)

    @classmethod
    def parse(cls, text: str) -> "LeftOut":
        """The days that `text` wrote."""
        pairs = (span.split("/") for span in text.split())
        return cls(tuple((date.fromisoformat(one), date.fromisoformat(two)) for one, two in pairs))


def _holds(outer: tuple[date, date], inner: tuple[date, date]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


NOTHING = LeftOut()
