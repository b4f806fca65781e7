"""People, how they sign in, and one-time links."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class Role(StrEnum):
    """What a person may start: supervisors any roster, members peer rosters only."""

    ORGANISER = "organiser"
    SUPERVISOR = "supervisor"
    MEMBER = "member"


def mightier(role: str) -> frozenset[Role]:
    """The roles above one: they stand in their order, the mightiest first."""
    everyone = list(Role)
    return frozenset(everyone[: everyone.index(Role(role))])


class PersonState(StrEnum):
    """INVITED: an address only, nobody has signed in with it yet.

    CLOSED: they leave, and can still come back. LEFT: a name in other people's records, no more.
    """

    INVITED = "invited"
    ACTIVE = "active"
    CLOSED = "closed"
    LEFT = "left"


class SessionsBy(StrEnum):
    """How somebody's sessions come into their own calendar; a change is mailed in any case."""

    FEED = "feed"
    INVITATIONS = "invitations"
    BOTH = "both"


class LinkPurpose(StrEnum):
    """What a one-time link does when it is opened and confirmed."""

    INVITATION = "invitation"
    RESET = "reset"
    RETURN = "return"


class Person(WithId, Model):
    """Somebody with an account, or an address that was invited, whose row gives no role.

    `epoch` is bumped first by every booking transaction (it serialises those that share a
    person); `feed_version` by every change that this person's feeds must show. The last mail to
    them was refused by the mail server at `mail_refused_at`, if it was. `shares_receipts`: who
    runs their rosters sees whether their calendar has fetched a change.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("week_starts BETWEEN 0 AND 6", name="week_starts"),
        Index(
            "ix_person_closed",
            "closed_at",
            sqlite_where=text("state = 'closed'"),
            postgresql_where=text("state = 'closed'"),
        ),
    )

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16), default=Role.MEMBER)
    state: Mapped[str] = mapped_column(String(16), default=PersonState.INVITED)
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    zone_confirmed: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(16), default="en")
    clock: Mapped[str] = mapped_column(String(2), default="24")
    week_starts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    epoch: Mapped[int] = mapped_column(default=0)
    feed_version: Mapped[int] = mapped_column(default=0)
    mail_refused_at: Mapped[datetime | None]
    sessions_by: Mapped[str] = mapped_column(
        String(16), default=SessionsBy.FEED, server_default=SessionsBy.FEED
    )
    shares_receipts: Mapped[bool] = mapped_column(default=True, server_default=true())
    closed_at: Mapped[datetime | None]


class Credential(Model):
    """What sign-in is checked against: Argon2id's input and the wrapped verifier."""

    __tablename__ = "credential"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    salt: Mapped[bytes]
    memory_kib: Mapped[int]
    passes: Mapped[int]
    lanes: Mapped[int]
    verifier: Mapped[bytes]
    changed_at: Mapped[datetime]


class SignIn(WithId, Model):
    """One browser that signed in; ended on the server, so a kept cookie is worth nothing.

    `used_at` is written once an hour at most; until then it was used when it was made.
    """

    __tablename__ = "sign_in"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Link(WithId, Model):
    """A one-time link. Its token is made from `id` and kept nowhere; of the links of a former
    version, whose tokens were random, `token_hash` is the SHA-256.

    An invitation's `role` is what its maker gave to who joins by it, and to nobody else.
    """

    __tablename__ = "link"

    purpose: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    role: Mapped[str | None] = mapped_column(String(16))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    roster_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster.id"), index=True)
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ResetRequest(WithId, Model):
    """Somebody asked for a new passphrase; the worker looks whether the address is anybody's."""

    __tablename__ = "reset_request"

    email: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
