"""Signs that a private address is in other hands: it came over plain http, or by a new program.

The programs that fetch an address in its first days are the ones it was made for. Families of
programs are kept, no address of whoever asked; each sign is written once, and not with each fetch.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from supervision.db import db
from supervision.domain.agents import family
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.feeds.subscriptions import own

FEW_DAYS = timedelta(days=3)
# How long a sign that was put away is not written again.
AGAIN = timedelta(days=30)
# Whoever pretends to be ever new programs is no news after so many.
MOST_FAMILIES = 8


class Watched(Protocol):
    """What of a subscription says whether a fetch is news; `families` are names, a line each."""

    @property
    def families(self) -> str: ...
    @property
    def watched_from(self) -> datetime | None: ...
    @property
    def plain_at(self) -> datetime | None: ...


def is_news(
    families: str, plain_at: datetime | None, agent: str, plain: bool, at: datetime
) -> bool:
    """Whether there is something to write about a fetch."""
    return _is_new(families, agent) or (plain and _is_due(plain_at, at))


def noticed(watched: Watched, agent: str, plain: bool, at: datetime) -> dict[str, object]:
    """What is to be written about a fetch by this program, over `plain` http or not."""
    values: dict[str, object] = {}
    if plain and _is_due(watched.plain_at, at):
        values["plain_at"] = at
    if _is_new(watched.families, agent):
        name = family(agent)
        values["families"] = "\n".join([*watched.families.splitlines(), name])
        if watched.watched_from is None:
            values["watched_from"] = at
        elif at - watched.watched_from >= FEW_DAYS:
            values |= {"stranger": name, "stranger_at": at}
    return values


def _is_due(plain_at: datetime | None, at: datetime) -> bool:
    return plain_at is None or at - plain_at >= AGAIN


def _is_new(families: str, agent: str) -> bool:
    known = families.splitlines()
    return len(known) < MOST_FAMILIES and family(agent) not in known


def put_away(actor: Actor, at: datetime, subscription_id: UUID) -> None:
    """Show the signs no more that there are: it was the person themselves. Raises NotFound."""
    subscription = own(actor, subscription_id)
    subscription.put_away_at = at
    record(Act.FEED_PUT_AWAY, at, actor.id, subscription.id)
    db.session.flush()
