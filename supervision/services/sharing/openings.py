"""The chain of a share's openings: each is vouched for over the one before."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update

from supervision.db import UTCDateTime, db, run, table
from supervision.domain import vault
from supervision.domain.vault import NO_HASH, Chain, Opening
from supervision.models.people import Person
from supervision.models.sharing import Share, ShareOpening
from supervision.permissions import Actor

_rows = table(ShareOpening)
_HOLD = select(Share.id).where(Share.id == bindparam("share_id")).with_for_update()
_LAST = (
    select(ShareOpening.place, ShareOpening.mac)
    .where(ShareOpening.share_id == bindparam("share_id"))
    .order_by(ShareOpening.place.desc())
    .limit(1)
)
_AGAIN = (
    select(ShareOpening.id)
    .where(
        ShareOpening.share_id == bindparam("share_id"),
        ShareOpening.reader_id == bindparam("reader_id"),
        ShareOpening.number == bindparam("number"),
        ShareOpening.opened_at > bindparam("since", type_=UTCDateTime),
    )
    .limit(1)
)
_CHAIN = (
    select(_rows, Person.name)
    .join(Person, Person.id == _rows.c.reader_id)
    .where(_rows.c.share_id == bindparam("share_id"), _rows.c.place >= bindparam("start"))
    .order_by(_rows.c.place)
)
_ENDS = (
    select(_rows.c.share_id, func.max(_rows.c.place))
    .join(Share, Share.id == _rows.c.share_id)
    .where(Share.owner_id == bindparam("actor_id"))
    .group_by(_rows.c.share_id)
)
_INSERT = insert(_rows)
_VOUCH = (
    update(_rows)
    .where(_rows.c.share_id == bindparam("share"), _rows.c.place == bindparam("its_place"))
    .values(mac=bindparam("fresh"))
)
ONE_LINE = timedelta(hours=1)
_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


def note_opening(actor: Actor, at: datetime, pepper: bytes, share_id: UUID, number: int) -> None:
    """Leave a line for the owner, chained to the last one; one for each reader, state and hour.

    Two readers wait for each other.
    """
    run(_HOLD, {"share_id": share_id})
    same = {"share_id": share_id, "reader_id": actor.id, "number": number}
    if run(_AGAIN, same | {"since": at - ONE_LINE}).first() is not None:
        return
    before = _last(share_id)
    line = Opening(share_id, before.place + 1, actor.id, number, _micros(at))
    mac = vault.chain_opening(pepper, line, before.mac)
    run(_INSERT, same | {"opened_at": at, "place": line.place, "mac": mac})
    db.session.flush()


def _last(share_id: UUID) -> Chain:
    last = run(_LAST, {"share_id": share_id}).one_or_none()
    return Chain(*last) if last is not None else Chain()


def chain_of(share_id: UUID, start: int = 0) -> Sequence[Any]:
    """The openings of a share from one place on, with the reader's name, the first first."""
    return run(_CHAIN, {"share_id": share_id, "start": start}).all()


def start_of(share_id: UUID, seen: Chain, most: int) -> int:
    """The place before the latest openings and before those since what was `seen`."""
    return max(0, min(seen.place, _last(share_id).place - most))


def ends_of(actor: Actor) -> dict[UUID, int]:
    """How many openings each share of the actor's has, where it has any."""
    return dict(map(tuple, run(_ENDS, {"actor_id": actor.id})))


def end_of(rows: Sequence[Any], pepper: bytes, seen: Chain, start: int = 0) -> Chain | None:
    """The last link; None unless the rows are whole and run through what was `seen`.

    They are those from the place `start` on: that one stands as it is, and the next vouches for it.
    """
    links = {0: NO_HASH} | {row.place: row.mac for row in rows}
    whole = start in links and all(
        row.mac == vault.chain_opening(pepper, _line(row), links.get(row.place - 1, NO_HASH))
        for row in rows
        if row.place > start
    )
    if not whole or links.get(seen.place) != seen.mac:
        return None
    last = max(links)
    return Chain(last, links[last])


def vouch_anew(share_id: UUID, pepper: bytes) -> Chain:
    """Chain openings from before they were chained; returns the last link."""
    mac, rows = NO_HASH, chain_of(share_id)
    for row in rows:
        mac = vault.chain_opening(pepper, _line(row), mac)
        run(_VOUCH, {"share": share_id, "its_place": row.place, "fresh": mac})
    return Chain(len(rows), mac)


def _line(row: Any) -> Opening:
    return Opening(row.share_id, row.place, row.reader_id, row.number, _micros(row.opened_at))


def _micros(at: datetime) -> int:
    return (at - _SINCE) // timedelta(microseconds=1)
