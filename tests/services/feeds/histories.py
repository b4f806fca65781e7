"""Groups over some time, as Hypothesis makes them up: whatever they did, their feeds must be right.

`python -m tests.services.feeds.histories FOLDER` writes 500 feeds of such groups into files, for a
validator of somebody else's to read.
"""

import argparse
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.errors import SupervisionError
from supervision.models.feeds import Privacy
from supervision.models.people import Person
from supervision.models.rosters import Roster
from supervision.models.sessions import Session
from supervision.services import feeds, rosters, series, sessions
from supervision.services.series import Which
from supervision.services.sessions import OwnPlace, Setting, Wish
from tests import factories
from tests.services.feeds.steps import AT, add, fetch, subscribe
from tests.support import databases
from tests.support.zones import ZONES

FIRST = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
MANY = 500


class History:
    """A group over some time; each step is one thing that somebody does, or is refused."""

    def __init__(self, zone: str = "Europe/London", home: str = "America/Toronto") -> None:
        self.house = factories.house()
        self.at = AT
        db.session.execute(update(Roster).where(Roster.id == self.house.group).values(zone=zone))
        db.session.execute(update(Person).where(Person.id == self.house.bob.id).values(zone=home))
        self.meetings = [add(self.house.group, FIRST)]
        self.tokens = [subscribe(self.house.bob, None, level)[1] for level in Privacy]

    def others(self) -> list[str]:
        """Further feeds: of who leads and of another member, in all rosters and in one."""
        return [
            subscribe(who, roster_id, level, self.at)[1]
            for who in (self.house.alice, self.house.carol)
            for roster_id in (None, *(one.id for one in feeds.roster_choices(who)))
            for level in Privacy
        ]

    def book(self, number: int, _words: str) -> None:
        self.meetings.append(add(self.house.group, FIRST + timedelta(hours=3 * number)))

    def repeat(self, number: int, words: str) -> None:
        """Over a change of clocks, wherever the group is; now and then in the gap itself."""
        start = datetime.fromisoformat("2027-02-20T02:30") + timedelta(hours=number * 7)
        rule = Repeat("week", every=1 + number % 2, count=9)
        booked = series.book_series(
            self.house.alice, self.at, self.house.group, Wish(start, 50, words), rule
        )
        self.meetings += [db.session.get_one(Session, key) for key in booked.session_ids]

    def move(self, number: int, _words: str) -> None:
        start = datetime.fromisoformat("2027-01-01T10:00") + timedelta(hours=number)
        sessions.move_session(self.house.alice, self.at, self._one(number).id, Wish(start, 50))

    def shift(self, number: int, _words: str) -> None:
        """A session and what follows it in its series."""
        start = datetime.fromisoformat("2027-03-01T11:00") + timedelta(hours=number)
        which = Which.FOLLOWING if number % 2 else Which.ALL
        series.move_series(self.house.alice, self.at, self._one(number).id, Wish(start, 50), which)

    def cancel(self, number: int, words: str) -> None:
        sessions.cancel_session(self.house.alice, self.at, self._one(number).id, words)

    def leave_out(self, number: int, _words: str) -> None:
        first = date(2027, 2, 20) + timedelta(days=number)
        series.leave_out(
            self.house.alice, self.at, self._one(number).id, first, first + timedelta(days=9)
        )

    def place(self, number: int, words: str) -> None:
        own = Setting(OwnPlace(f"Room {number} {words}", ""))
        sessions.change_session(self.house.alice, self.at, self._one(number).id, own)

    def choose(self, number: int, _words: str) -> None:
        people = frozenset({self.house.bob.id if number % 2 else self.house.carol.id})
        setting = Setting(people=people)
        sessions.change_session(self.house.alice, self.at, self._one(number).id, setting)

    def rename(self, number: int, words: str) -> None:
        form = rosters.RosterForm(
            f"Tuesdays {number} {words}"[:100],
            "group",
            "Europe/London",
            8,
            50,
            f"{words} {number} Street"[:200],
            f"https://meet.example/{number}" if number % 2 else "",
        )
        rosters.edit_roster(self.house.alice, self.at, self.house.group, form)

    def join(self, number: int, words: str) -> None:
        name = f"Guest {number} {self.at:%d%H%M}"
        guest = factories.person(name)
        shown = f"{words} {name}"[:100].strip()
        db.session.execute(update(Person).where(Person.id == guest.id).values(name=shown))
        factories.join(db.session.get_one(Roster, self.house.group), guest)
        feeds.bump([self.house.bob.id])

    def leave(self, _number: int, _words: str) -> None:
        rosters.leave(self.house.carol, self.at, self.house.group)

    def _one(self, number: int) -> Session:
        return self.meetings[number % len(self.meetings)]

    def step(self, name: str, number: int, at: datetime, words: str = "") -> None:
        self.at = at
        try:
            getattr(self, name)(number, words)
            db.session.commit()
        except SupervisionError:
            db.session.rollback()


STEPS = (
    "book",
    "repeat",
    "move",
    "shift",
    "cancel",
    "leave_out",
    "place",
    "choose",
    "rename",
    "join",
    "leave",
)
NASTY = (
    "",
    "END:VEVENT",
    "a;b,c:d\\n\\N\\\\e",
    'x" onload="y',
    "Grüße, 日本語 🧘🏽‍♀️",
    "ش" * 60,
    "line\r\nDTSTART:19700101T000000Z",
    "tab\there\x07\x85\u2028",
)
words = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=80),
)
steps = st.tuples(st.sampled_from(STEPS), st.integers(0, 40), words)
histories = st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES), st.lists(steps, max_size=8))


def lived(app: Flask, zone: str, home: str, done: list[tuple[str, int, str]]) -> list[list[bytes]]:
    """A group from its beginning: each of its feeds, as it was after each step in turn."""
    databases.empty(app)
    db.session.remove()
    group = History(zone, home)
    seen = [[fetch(token).body] for token in group.tokens]
    for number, (name, value, text) in enumerate(done, 1):
        group.step(name, value, AT + timedelta(minutes=20 * number), text)
        for token, versions in zip(group.tokens, seen, strict=True):
            versions.append(fetch(token, group.at).body)
    return [*seen, *([fetch(token, group.at).body] for token in group.others())]


def main() -> None:
    """Write the feeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--many", type=int, default=MANY)
    given_to = parser.parse_args()
    given_to.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="supervision-feeds-"))
    engines = databases.Engines(folder, "dump", "dump")
    app, left = engines.app("sqlite"), [given_to.many]

    @settings(
        max_examples=given_to.many,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(histories)
    def write(history: tuple[str, str, list[tuple[str, int, str]]]) -> None:
        if left[0] <= 0:
            return
        for versions in lived(app, *history):
            left[0] -= 1
            (given_to.folder / f"{left[0]:04}.ics").write_bytes(versions[-1])

    with app.app_context():
        write()
    engines.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
