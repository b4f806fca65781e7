"""An hour of ten thousand subscriptions, while bookings go on, in a minute.

Each client asks as often as its kind does, with the tag of what it holds, and keeps what it gets.
It is wrong to answer otherwise than 200 or 304, and stale to leave out a session that was booked
before the client asked.
"""

import http.client
import random
import re
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from bench.dataset import this_monday
from bench.load import Ask, drive
from bench.stage import Stage
from supervision import clock
from supervision.db import db, run, table, writing
from supervision.domain.recurrence import resolve
from supervision.models.feeds import FeedSubscription, Privacy, Scope
from supervision.models.rosters import MemberRole, Membership
from supervision.models.sessions import Claim, Session
from supervision.services.people import token_hash

SUBSCRIPTIONS = 10_000
HOUR = 60
CLIENTS = 8
BOOKINGS = 60
# Nothing else in the data begins at this minute.
MINUTE = 7
ZONE = "Europe/London"
_BOOKED = re.compile(rb"\r\nDTSTART:(\d{8}T\d{4})00Z")


class Kind(NamedTuple):
    """A share of all subscriptions: the minutes between two polls, and how it names itself."""

    share: float
    every: int
    agent: str


KINDS = (
    Kind(0.3, 15, "iOS/26.1 (23B85) dataaccessd/1.0"),
    Kind(0.4, 60, "Microsoft.Exchange/15.20"),
    Kind(0.3, 720, "Google-Calendar-Importer"),
)


@dataclass
class Client:
    """One subscription and what its program holds: a tag, and which new sessions."""

    path: str
    person_id: UUID
    kind: Kind
    etag: str = ""
    held: set[bytes] = field(default_factory=set)
    asked_at: float = 0.0

    def headers(self) -> dict[str, str]:
        told = {"User-Agent": self.kind.agent, "Accept-Encoding": "identity"}
        return told | ({"If-None-Match": self.etag} if self.etag else {})


class Booked(NamedTuple):
    """A session that was booked for some people: as a feed writes its start, and since when."""

    start: bytes
    done_at: float


class Hour(NamedTuple):
    """What came of it: polls, answers that were wrong or stale, the seconds of each, and how late
    the latest was sent."""

    polls: int
    wrong: int
    stale: int
    seconds: list[float]
    late: float


class Rehearsal:
    """An hour at the pace that makes it last `seconds`."""

    def __init__(self, stage: Stage, seconds: float) -> None:
        self._stage, self._minute = stage, seconds / HOUR
        self._port = stage.server("sqlite").port
        self._members = self._read_members()
        self._clients = self._subscribe()
        self._booked: defaultdict[UUID, list[Booked]] = defaultdict(list)
        self._wrong, self._stale = 0, 0
        self._seconds: list[float] = []
        self._late = 0.0

    def run(self) -> Hour:
        """All fetch once, as programs that have been there for long; then the hour begins."""
        self._poll([(0.0, client) for client in self._clients])
        self._wrong, self._stale, self._late = 0, 0, 0.0
        self._seconds.clear()
        polls = sorted(self._due(), key=lambda one: one[0])
        booking = Thread(target=self._book)
        booking.start()
        self._poll(polls)
        booking.join()
        self._wrong += len(polls) - len(self._seconds)
        self._compare()
        return Hour(len(polls), self._wrong, self._stale, self._seconds, self._late)

    # -- who asks --------------------------------------------------------------------------------

    def _read_members(self) -> dict[UUID, list[UUID]]:
        found: defaultdict[UUID, list[UUID]] = defaultdict(list)
        rosters = self._stage.cast("sqlite").rosters
        with self._stage.app("sqlite").app_context():
            rows = db.session.execute(
                select(Membership.roster_id, Membership.person_id).where(
                    Membership.role == MemberRole.SUPERVISEE, Membership.roster_id.in_(rosters)
                )
            )
            for roster_id, person_id in rows:
                found[roster_id].append(person_id)
        return found

    def _subscribe(self) -> list[Client]:
        people = [one for members in self._members.values() for one in members]
        kinds = [one for one in KINDS for _ in range(round(one.share * SUBSCRIPTIONS))]
        random.shuffle(kinds)
        tokens = [secrets.token_urlsafe(32) for _ in kinds]
        owners = [people[number % len(people)] for number in range(len(kinds))]
        rows = [
            {
                "id": uuid4(),
                "person_id": owner,
                "scope": Scope.PERSON,
                "label": "poll",
                "privacy": Privacy.PLAIN,
                "token_hash": token_hash(token),
                "created_at": clock.now(),
                "agent": "",
            }
            for owner, token in zip(owners, tokens, strict=True)
        ]
        with self._stage.app("sqlite").app_context(), writing():
            run(insert(table(FeedSubscription)), rows)
        paths = [f"/feeds/{token}.ics" for token in tokens]
        return [Client(*one) for one in zip(paths, owners, kinds, strict=True)]

    def _due(self) -> Iterator[tuple[float, Client]]:
        """Minute by minute: each client from somewhere in its own round on."""
        for client in self._clients:
            at = random.uniform(0, client.kind.every)
            while at < HOUR:
                yield at * self._minute, client
                at += client.kind.every

    # -- asking ----------------------------------------------------------------------------------

    def _poll(self, polls: list[tuple[float, Client]]) -> None:
        """Ask when each is due, by a few connections; nobody waits for another's answer."""
        waiting: SimpleQueue[tuple[float, Client] | None] = SimpleQueue()
        for one in polls:
            waiting.put(one)
        for _ in range(CLIENTS):
            waiting.put(None)
        began = time.monotonic()
        threads = [Thread(target=self._ask, args=(waiting, began)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, waiting: "SimpleQueue[tuple[float, Client] | None]", began: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while (one := waiting.get()) is not None:
            due, client = one
            time.sleep(max(0.0, began + due - time.monotonic()))
            client.asked_at = time.monotonic()
            self._late = max(self._late, client.asked_at - began - due)
            connection.request("GET", client.path, headers=client.headers())
            response = connection.getresponse()
            body = response.read()
            self._seconds.append(time.monotonic() - client.asked_at)
            self._take(client, response.status, response.headers["ETag"] or "", body)
        connection.close()

    def _take(self, client: Client, status: int, etag: str, body: bytes) -> None:
        if status == 200:
            starts = _BOOKED.findall(body)
            client.held = {one for one in starts if one.endswith(b"%02d" % MINUTE)}
            client.etag = etag
        elif status != 304:
            self._wrong += 1
        self._stale += bool(self._missing(client))

    def _missing(self, client: Client) -> set[bytes]:
        """What was booked before the client asked last, and is not in what it holds."""
        booked = list(self._booked[client.person_id])
        return {one.start for one in booked if one.done_at < client.asked_at} - client.held

    # -- booking ---------------------------------------------------------------------------------

    def _book(self) -> None:
        """Alice books at a steady pace, for one roster after another."""
        began, rosters = time.monotonic(), list(self._members)
        cookie, token = self._stage.cookie("sqlite"), self._stage.csrf_token("sqlite")
        first = this_monday().replace(tzinfo=None) + timedelta(weeks=3, hours=18, minutes=MINUTE)
        for number, pause in zip(range(BOOKINGS), count(0, HOUR / BOOKINGS), strict=False):
            time.sleep(max(0.0, began + pause * self._minute - time.monotonic()))
            day, hour = divmod(number, 4)
            week, weekday = divmod(day, 5)
            local = first + timedelta(weeks=week, days=weekday, hours=hour)
            roster_id = rosters[number % len(rosters)]
            form = _form(token, local)
            ask = Ask(f"/rosters/{roster_id}/book", 303, {"Cookie": cookie}, form)
            drive(self._port, iter([ask]), 1)
            booked = Booked(_written(resolve(local, ZONE).starts_at), time.monotonic())
            for person_id in self._members[roster_id]:
                self._booked[person_id].append(booked)

    def _compare(self) -> None:
        """What was booked is in the database, and no client holds anything that is not."""
        people = {client.person_id for client in self._clients}
        kept: defaultdict[UUID, set[bytes]] = defaultdict(set)
        with self._stage.app("sqlite").app_context():
            rows = db.session.execute(
                select(Claim.person_id, Session.starts_at)
                .join(Session, Session.id == Claim.session_id)
                .where(Session.starts_at > clock.now(), Claim.person_id.in_(people))
            )
            for person_id, starts_at in rows:
                if starts_at.minute == MINUTE:
                    kept[person_id].add(_written(starts_at))
        for client in self._clients:
            lost = {one.start for one in self._booked[client.person_id]} - kept[client.person_id]
            self._stale += bool(lost or client.held - kept[client.person_id])
            self._stale += bool(self._missing(client))


def _written(starts_at: datetime) -> bytes:
    return f"{starts_at:%Y%m%dT%H%M}".encode()


def _form(token: str, local: datetime) -> dict[str, str]:
    return {
        "csrf_token": token,
        "once": str(uuid4()),
        "date": f"{local:%Y-%m-%d}",
        "starts_at": f"{local:%H:%M}",
        "minutes": "50",
        "repeats": "never",
    }
