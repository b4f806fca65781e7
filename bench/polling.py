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

from sqlalchemy import bindparam, insert, select, text, update

from bench.dataset import this_monday
from bench.load import Ask, drive
from bench.stage import Stage
from supervision import clock
from supervision.db import db, run, table, writing
from supervision.domain.agents import family
from supervision.domain.recurrence import resolve
from supervision.models.feeds import FeedSnapshot, FeedSubscription, Privacy, Scope
from supervision.models.rosters import MemberRole, Membership
from supervision.models.sessions import Claim, Session
from supervision.services import feeds
from supervision.services.feeds.subscriptions import token_hash

SUBSCRIPTIONS = 10_000
HOUR = 60
CLIENTS = 8
BOOKINGS = 60
# Nothing else in the data begins at this minute.
MINUTE = 7
ZONE = "Europe/London"
COPY = """
INSERT INTO feed_snapshot
SELECT twin.id, made.version, made.day, made.etag, made.modified_at, made.body, made.keys,
made.gzipped FROM feed_snapshot AS made
JOIN feed_subscription AS first ON first.id = made.subscription_id AND first.label = 'poll'
JOIN feed_subscription AS twin
ON twin.person_id = first.person_id AND twin.id <> first.id AND twin.label = 'poll'
"""
_LINK = table(FeedSubscription)
_FETCHED = (
    update(_LINK)
    .where(_LINK.c.token_hash.in_(bindparam("hashes", expanding=True)))
    .values(
        fetched_at=bindparam("at"),
        watched_from=bindparam("at"),
        families=bindparam("by"),
        given_version=0,
        given_at=bindparam("at"),
    )
)
_ETAGS = select(FeedSubscription.token_hash, FeedSnapshot.etag).join(
    FeedSnapshot, FeedSnapshot.subscription_id == FeedSubscription.id
)
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

    token: str
    person_id: UUID
    kind: Kind
    etag: str = ""
    held: set[bytes] = field(default_factory=set)
    asked_at: float = 0.0

    @property
    def path(self) -> str:
        return f"/feeds/{self.token}.ics"

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
        """All hold what there is, as programs that have been there for long; the hour begins."""
        self._fetch_all()
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
        return [Client(*one) for one in zip(tokens, owners, kinds, strict=True)]

    def _fetch_all(self) -> None:
        """Each person's feed is made once; their other clients, who would get the same, have it."""
        app = self._stage.app("sqlite")
        base_url = app.extensions["settings"].base_url.rstrip("/")
        first = {client.person_id: client for client in reversed(self._clients)}
        with app.app_context():
            for client in first.values():
                feeds.read_feed(client.token, clock.now(), base_url)
            with writing():
                db.session.execute(text(COPY))
                for kind in KINDS:
                    hashes = [token_hash(one.token) for one in self._clients if one.kind == kind]
                    for start in range(0, len(hashes), 500):
                        some = hashes[start : start + 500]
                        run(_FETCHED, {"hashes": some, "at": clock.now(), "by": family(kind.agent)})
            etags = {row.token_hash: row.etag for row in run(_ETAGS)}
        for client in self._clients:
            client.etag = f'"{etags[token_hash(client.token)]}"'

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
