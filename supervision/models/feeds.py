"""Calendar subscriptions and the last good snapshot of each."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class Scope(StrEnum):
    """What a feed shows."""

    PERSON = "person"
    ROSTER = "roster"


class Privacy(StrEnum):
    """How much a feed tells: no words, the kind and place, or titles and names."""

    BUSY = "busy"
    PLAIN = "plain"
    FULL = "full"


class Client(StrEnum):
    """Which calendar somebody said that a link is for; an ACCOUNT has a password, not a link."""

    GOOGLE = "google"
    APPLE = "apple"
    OUTLOOK = "outlook"
    THUNDERBIRD = "thunderbird"
    ANDROID = "android"
    ACCOUNT = "account"
    OTHER = "other"


class FeedSubscription(WithId, Model):
    """One private address for one calendar client; only the SHA-256 of its token is kept.

    An account of calendars is one as well: its token is a password, and opens no address.

    `fetched_at` is when it was last fetched, noted every few minutes at most. `given_version` is
    the latest version of its person's feeds that it was given, first at `given_at`.
    """

    __tablename__ = "feed_subscription"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str] = mapped_column(String(16))
    roster_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster.id"))
    label: Mapped[str] = mapped_column(String(60))
    client: Mapped[str] = mapped_column(
        String(16), default=Client.OTHER, server_default=Client.OTHER
    )
    privacy: Mapped[str] = mapped_column(String(8), default=Privacy.PLAIN)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    off_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(String(200), default="")
    given_version: Mapped[int | None]
    given_at: Mapped[datetime | None]


class FeedSnapshot(Model):
    """The bytes last published for a subscription, good for one person version and one day.

    `keys` are those of the events, a line each; `gzipped` is empty until a client wants it.
    """

    __tablename__ = "feed_snapshot"

    subscription_id: Mapped[UUID] = mapped_column(
        ForeignKey("feed_subscription.id"), primary_key=True
    )
    version: Mapped[int]
    day: Mapped[date]
    etag: Mapped[str] = mapped_column(String(80))
    modified_at: Mapped[datetime]
    body: Mapped[bytes]
    keys: Mapped[str] = mapped_column(Text, default="", server_default="")
    gzipped: Mapped[bytes]
