"""The chain of a share's openings: each is vouched for over the one before."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update

from supervision.db import db, run, table
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
_CHAIN = (
    select(_rows, Person.name)
    .join(Person, Person.id == _rows.c.reader_id)
    .where(_rows.c.share_id == bindparam("share_id"))
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
_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


def note_opening(actor: Actor, at: datetime, pepper: bytes, share_id: UUID, number: int) -> None:
    """Leave a line for the owner, chained to the last one. Two readers wait for each other."""
    run(_HOLD, {"share_id": share_id})
    last = run(_LAST, {"share_id": share_id}).one_or_none()
    before = Chain(*last) if last is not None else Chain()
    line = Opening(share_id, before.place + 1, actor.id, number, _micros(at))
    run(
        _INSERT,
        {
            "share_id": share_id,
            "reader_id": actor.id,
            "number": number,
            "opened_at": at,
            "place": line.place,
            "mac": vault.chain_opening(pepper, line, before.mac),
        },
    )
    db.session.flush()


def chain_of(share_id: UUID) -> Sequence[Any]:
    """Every opening of a share with the reader's name, the first first."""
    return run(_CHAIN, {"share_id": share_id}).all()


def ends_of(actor: Actor) -> dict[UUID, int]:
    """How many openings each share of the actor's has, where it has any."""
    return dict(map(tuple, run(_ENDS, {"actor_id": actor.id})))


def end_of(rows: Sequence[Any], pepper: bytes, seen: Chain) -> Chain | None:
    """The last link; None unless the chain is whole and runs through what was `seen` before."""
    macs = [NO_HASH, *(row.mac for row in rows)]
    whole = all(
        row.place == place and row.mac == vault.chain_opening(pepper, _line(row), macs[place - 1])
        for place, row in enumerate(rows, 1)
    )
    if not whole or len(rows) < seen.place or macs[seen.place] != seen.mac:
        return None
    return Chain(len(rows), macs[-1])


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
