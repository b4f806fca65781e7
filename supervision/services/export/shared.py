"""What somebody shares, and what they wrote about what others share with them, as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain.export import File, as_json, name_of
from supervision.domain.vault import Keys
from supervision.models.people import Person
from supervision.models.sharing import Share, ShareComment
from supervision.permissions import Actor
from supervision.services import sharing
from supervision.services.sharing import OwnLine, OwnShare

_ANSWERED = (
    select(Share.id, Person.name)
    .join(Person, Person.id == Share.owner_id)
    .where(
        Share.id.in_(
            select(ShareComment.share_id).where(ShareComment.author_id == bindparam("actor_id"))
        )
    )
    .order_by(Share.created_at, Share.id)
)


def shared_files(actor: Actor, keys: Keys, pepper: bytes) -> Iterator[File]:
    """A file for each share, one that was taken back too, then one for all comments."""
    for line in _lines(actor):
        found = sharing.own_share(actor, keys, pepper, line.id)
        name = name_of(found.created_at.date(), line.kind, found.id)
        yield File(f"shared/{name}.json", as_json(_as_told(line, found)))
    answered = [
        {"id": row.id, "owner": row.name, "comments": _own(actor, keys, row.id)}
        for row in run(_ANSWERED, {"actor_id": actor.id}).all()
    ]
    if answered:
        yield File("comments.json", as_json(answered))


def _lines(actor: Actor) -> Iterator[OwnLine]:
    for page in count(1):
        lines, more = sharing.own_shares(actor, page)
        yield from lines
        if not more:
            return


def _as_told(line: OwnLine, one: OwnShare) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "note_id": one.note_id,
        "kind": one.kind,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
        "readers": line.readers,
        "passage": asdict(one.passage) if one.passage else None,
        "comments": [asdict(comment) for comment in one.comments],
        "opened": [asdict(opening) for opening in one.openings],
    }


def _own(actor: Actor, keys: Keys, share_id: UUID) -> list[Mapping[str, Any]]:
    return [asdict(comment) for comment in sharing.own_comments(actor, keys, share_id)]
