"""Answering a calendar client: from the snapshot, by one look-up, whatever else is broken."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from supervision.db import db, writing
from supervision.domain import ical
from supervision.models.feeds import Client, FeedSnapshot, FeedSubscription
from supervision.models.people import Person
from supervision.services.audit import Act, record
from supervision.services.feeds.building import RosterLeftError, build
from supervision.services.feeds.fetches import note_fetch
from supervision.services.feeds.fragments import NOTHING, Built
from supervision.services.feeds.rows import Wanted
from supervision.services.feeds.subscriptions import TOMBSTONE_STANDS, token_hash
from supervision.services.feeds.words import words_in

# Of gzip: a third of the time of its usual level, for a tenth more bytes.
LEVEL = 1
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
log = get_logger()


@dataclass(frozen=True)
class Held:
    """What a client says it holds (RFC 9110 section 13): entity tags, any at all, or since when."""

    etags: frozenset[str] = frozenset()
    anything: bool = False
    since: datetime | None = None

    @property
    def nothing(self) -> bool:
        return not self.etags and not self.anything and self.since is None

    def covers(self, etag: str, modified_at: datetime) -> bool:
        """Whether the client has this already; a date counts only where there is no tag."""
        if self.etags or self.anything:
            return self.anything or etag in self.etags
        return self.since is not None and modified_at <= self.since


@dataclass(frozen=True)
class Feed:
    """An answer: 200 with a body (gzipped if that was asked for), 304, 404 or 410.

    `version` is that of its person's feeds which the client holds by this answer.
    """

    status: int
    body: bytes = b""
    etag: str = ""
    modified_at: datetime | None = None
    version: int | None = None


UNKNOWN = Feed(404)
GONE = Feed(410)


@dataclass(frozen=True)
class _Found:
    """All that one look-up tells: the subscription, its person's state, the snapshot's."""

    id: UUID
    person_id: UUID
    scope: str
    roster_id: UUID | None
    privacy: str
    off_at: datetime | None
    fetched_at: datetime | None
    given_version: int | None
    zone: str
    language: str
    wanted_version: int
    version: int | None
    day: date | None
    etag: str | None
    modified_at: datetime | None
    body: bytes | None = None


@dataclass(frozen=True)
class _Snapshot:
    """What is published; `body` is None while only the database has it."""

    version: int | None
    etag: str
    modified_at: datetime
    body: bytes | None


_STATE: Select[*tuple[Any, ...]] = (
    select(
        FeedSubscription.id,
        FeedSubscription.person_id,
        FeedSubscription.scope,
        FeedSubscription.roster_id,
        FeedSubscription.privacy,
        FeedSubscription.off_at,
        FeedSubscription.fetched_at,
        FeedSubscription.given_version,
        Person.zone,
        Person.language,
        Person.feed_version,
        FeedSnapshot.version,
        FeedSnapshot.day,
        FeedSnapshot.etag,
        FeedSnapshot.modified_at,
    )
    .join(Person, Person.id == FeedSubscription.person_id)
    .outerjoin(FeedSnapshot, FeedSnapshot.subscription_id == FeedSubscription.id)
    .where(
        FeedSubscription.token_hash == bindparam("hash"),
        FeedSubscription.client != Client.ACCOUNT,
    )
)
_WITH_PLAIN = _STATE.add_columns(FeedSnapshot.body)
_WITH_GZIPPED = _STATE.add_columns(FeedSnapshot.gzipped)


def read_feed(
    token: str,
    at: datetime,
    base_url: str,
    held: Held = Held(),
    agent: str = "",
    zipped: bool = False,
    whole: bool = True,
) -> Feed:
    """The answer for a token: one statement when the snapshot is good.

    A client that holds nothing gets state and bytes by the same statement; one that may hold
    the present state is first asked about that alone. `base_url` begins the addresses of pages.
    Who asks for the headers alone (not `whole`) is given nothing.
    Begins and commits transactions of its own. Raises what a first building raises; afterwards
    the last good snapshot is served whatever happens.
    """
    if not _TOKEN.fullmatch(token):
        return UNKNOWN
    statement = (_WITH_GZIPPED if zipped else _WITH_PLAIN) if held.nothing else _STATE
    row = db.session.execute(statement, {"hash": token_hash(token)}).one_or_none()
    if row is None:
        return UNKNOWN
    found = _Found(*row)
    answer = _answer(found, at, base_url, held, zipped)
    note_fetch(found, answer.version if whole or answer.status == 304 else None, at, agent)
    return answer


def _answer(found: _Found, at: datetime, base_url: str, held: Held, zipped: bool) -> Feed:
    if found.off_at is not None:
        return _turned_off(found, found.off_at, at, held, zipped)
    day = at.astimezone(ZoneInfo(found.zone)).date()
    kept = _kept(found)
    if kept is None or found.version != found.wanted_version or found.day != day:
        try:
            kept = _renew(found, kept, day, at, base_url, zipped)
        except RosterLeftError:
            _end(found, at)
            return _turned_off(found, at, at, held, zipped)
        except Exception as error:
            if kept is None:
                raise
            db.session.rollback()
            log.error("feed kept", error=type(error).__name__, subscription=str(found.id))
    if held.covers(kept.etag, kept.modified_at):
        return Feed(304, b"", kept.etag, kept.modified_at, kept.version)
    body = kept.body if kept.body is not None else _stored(found.id, kept.etag, zipped)
    return Feed(200, body, kept.etag, kept.modified_at, kept.version)


def _kept(found: _Found) -> _Snapshot | None:
    if found.etag is None or found.modified_at is None:
        return None
    return _Snapshot(found.version, found.etag, found.modified_at, found.body or None)


def _stored(subscription_id: UUID, etag: str, zipped: bool) -> bytes:
    row = db.session.execute(_BYTES, {"id": subscription_id}).one()
    body: bytes = row.body
    return (row.gzipped or _zipped(subscription_id, etag, body)) if zipped else body


_BYTES = select(FeedSnapshot.body, FeedSnapshot.gzipped).where(
    FeedSnapshot.subscription_id == bindparam("id")
)


def _zipped(subscription_id: UUID, etag: str, body: bytes) -> bytes:
    """Pack a snapshot that was only wanted plain so far, and keep that; nothing depends on it."""
    packed = _packed(body)
    these = (FeedSnapshot.subscription_id == subscription_id, FeedSnapshot.etag == etag)
    try:
        with writing():
            db.session.execute(update(FeedSnapshot).where(*these).values(gzipped=packed))
    except SQLAlchemyError as error:
        log.warning("feed not stored", error=type(error).__name__)
    return packed


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)


def _renew(
    found: _Found, kept: _Snapshot | None, day: date, at: datetime, base_url: str, zipped: bool
) -> _Snapshot:
    """Build the feed anew and store it. The version was read before the rows: never too new."""
    wanted = Wanted(
        person_id=found.person_id,
        scope=found.scope,
        roster_id=found.roster_id,
        privacy=found.privacy,
        day=day,
        zone=found.zone,
        language=found.language,
        base_url=base_url,
    )
    built = build(wanted, _before(found))
    body = built.body
    packed = _packed(body) if zipped else b""
    etag = _etag(f"{day.toordinal():x}", body)
    modified_at = _modified_at(kept, etag, at)
    values = {
        "version": found.wanted_version,
        "day": day,
        "etag": etag,
        "modified_at": modified_at,
        "body": body,
        "keys": built.keys_text,
        "gzipped": packed,
    }
    _store(found.id, values)
    return _Snapshot(found.wanted_version, etag, modified_at, packed or body)


def _before(found: _Found) -> Built:
    """What was published last: most of its events stand in the next feed too."""
    row = db.session.execute(_BUILT, {"id": found.id}).one_or_none() if found.etag else None
    return Built.stored(*row) if row else NOTHING


_BUILT = select(FeedSnapshot.body, FeedSnapshot.keys).where(
    FeedSnapshot.subscription_id == bindparam("id")
)


def _etag(epoch: str, body: bytes) -> str:
    """`<epoch>-<hash>`. The epoch is the day: whatever rubbish a proxy once gave a client under
    the right tag, a day later the client asks in vain for "not modified" and is healed."""
    return f"{epoch}-{hashlib.sha256(body).hexdigest()[:32]}"


def _modified_at(kept: _Snapshot | None, etag: str, at: datetime) -> datetime:
    """Whole seconds, strictly later with each change; the same bytes keep their time."""
    now = at.replace(microsecond=0)
    if kept is None:
        return now
    if kept.etag.rpartition("-")[2] == etag.rpartition("-")[2]:
        return kept.modified_at
    return max(now, kept.modified_at + timedelta(seconds=1))


def _store(subscription_id: UUID, values: dict[str, object]) -> None:
    """Publish a snapshot unless a newer one is there; the answer does not depend on it."""
    try:
        with writing():
            if not _replaced(subscription_id, values):
                db.session.add(FeedSnapshot(subscription_id=subscription_id, **values))
    except SQLAlchemyError as error:
        log.warning("feed not stored", error=type(error).__name__)


def _replaced(subscription_id: UUID, values: dict[str, object]) -> bool:
    """Whether there was a snapshot already: a newer one stays."""
    seen = db.session.execute(
        select(FeedSnapshot.version)
        .where(FeedSnapshot.subscription_id == subscription_id)
        .with_for_update()
    ).one_or_none()
    if seen is None:
        return False
    db.session.execute(
        update(FeedSnapshot)
        .where(
            FeedSnapshot.subscription_id == subscription_id,
            FeedSnapshot.version <= values["version"],
        )
        .values(values)
    )
    return True


def _turned_off(found: _Found, off_at: datetime, at: datetime, held: Held, zipped: bool) -> Feed:
    """One event that says so, for a while: it clears what clients hold. Then nothing more."""
    if at - off_at >= TOMBSTONE_STANDS:
        return GONE
    words = words_in(found.language)
    day = off_at.astimezone(ZoneInfo(found.zone)).date()
    body = ical.calendar(words.calendar, found.zone, [ical.tombstone(found.id, day, words.off)])
    etag, modified_at = _etag("off", body), off_at.replace(microsecond=0)
    if held.covers(etag, modified_at):
        return Feed(304, b"", etag, modified_at)
    return Feed(200, _packed(body) if zipped else body, etag, modified_at)


def _end(found: _Found, at: datetime) -> None:
    """A roster's feed ends with its person's membership."""
    with writing():
        db.session.execute(
            update(FeedSubscription)
            .where(FeedSubscription.id == found.id, FeedSubscription.off_at.is_(None))
            .values(off_at=at)
        )
        record(Act.FEED_TURN_OFF, at, None, found.id)
