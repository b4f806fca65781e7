"""One-time links: made, opened, spent, withdrawn. Only hashes of their tokens are kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from supervision.db import db
from supervision.errors import Gone, NotFound
from supervision.models.people import (
    Link,
    LinkPurpose,
    Person,
)


@dataclass(frozen=True)
class OpenLink:
    """A link that can still be used."""

    id: UUID
    person_id: UUID
    email: str
    name: str
    roster_id: UUID | None
    made_by: str | None


def token_hash(token: str) -> bytes:
    """What is stored in place of a token of 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def make_link(
    purpose: LinkPurpose,
    person_id: UUID,
    roster_id: UUID | None,
    made_by_id: UUID | None,
    expires_at: datetime,
    at: datetime,
) -> str:
    db.session.execute(
        update(Link)
        .where(
            Link.purpose == purpose,
            Link.person_id == person_id,
            Link.roster_id.is_(None) if roster_id is None else Link.roster_id == roster_id,
            Link.used_at.is_(None),
            Link.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )
    token = secrets.token_urlsafe(32)
    db.session.add(
        Link(
            purpose=purpose,
            token_hash=token_hash(token),
            person_id=person_id,
            roster_id=roster_id,
            made_by_id=made_by_id,
            created_at=at,
            expires_at=expires_at,
        )
    )
    db.session.flush()
    return token


def open_link(purpose: LinkPurpose, token: str, at: datetime) -> OpenLink:
    """The link behind a token. Raises NotFound when unknown, Gone when used or run out."""
    row = db.session.execute(
        select(Link, Person.email, Person.name)
        .join(Person, Person.id == Link.person_id)
        .where(Link.purpose == purpose, Link.token_hash == token_hash(token))
    ).one_or_none()
    if row is None:
        raise NotFound
    link, email, name = row
    if link.used_at or link.revoked_at or link.expires_at <= at:
        raise Gone
    made_by = db.session.scalar(select(Person.name).where(Person.id == link.made_by_id))
    return OpenLink(link.id, link.person_id, email, name, link.roster_id, made_by)


def use_link(link: OpenLink, at: datetime) -> None:
    """Spend a link. Raises Gone when somebody was faster."""
    spent = db.session.execute(
        update(Link)
        .where(Link.id == link.id, Link.used_at.is_(None), Link.revoked_at.is_(None))
        .values(used_at=at)
        .returning(Link.id)
    ).all()
    if not spent:
        raise Gone


def withdraw_roster_link(person_id: UUID, roster_id: UUID, at: datetime) -> None:
    """An invitation to a roster was withdrawn: its link is worth nothing any more."""
    db.session.execute(
        update(Link)
        .where(Link.person_id == person_id, Link.roster_id == roster_id, Link.used_at.is_(None))
        .values(revoked_at=at)
    )
