"""Where somebody is signed in: their browsers, and ending the stay of one from another."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from supervision.db import UTCDateTime, db, run, table
from supervision.domain.devices import Device, device_of
from supervision.errors import NotFound
from supervision.models.people import SignIn
from supervision.permissions import Actor
from supervision.services import people
from supervision.services.audit import Act, record
from supervision.services.people import SIGN_IN_LASTS

# How fine the record of use is: fine enough to know a stale sign-in, too coarse for a diary.
NOTED_EVERY = timedelta(hours=1)
_USED = func.coalesce(SignIn.used_at, SignIn.created_at)
_OWN = (
    select(SignIn.id, SignIn.agent, SignIn.created_at, _USED)
    .where(
        SignIn.person_id == bindparam("actor_id"),
        SignIn.ended_at.is_(None),
        SignIn.created_at > bindparam("since"),
    )
    .order_by(_USED.desc(), SignIn.id)
)
_NOTE = (
    update(table(SignIn))
    .where(SignIn.id == bindparam("sign_in_id"), bindparam("before", type_=UTCDateTime) >= _USED)
    .values(used_at=bindparam("at"))
)


@dataclass(frozen=True)
class SignedIn:
    """A browser that is signed in, with what it says it is. `used_at` is true to the hour."""

    id: UUID
    device: Device
    since: datetime
    used_at: datetime
    here: bool


def signed_in(actor: Actor, at: datetime) -> list[SignedIn]:
    """Every browser in which the actor is signed in: this one, then the latest used."""
    rows = run(_OWN, {"actor_id": actor.id, "since": at - SIGN_IN_LASTS})
    found = [
        SignedIn(key, device_of(agent), since, used_at, key == actor.sign_in_id)
        for key, agent, since, used_at in map(tuple, rows)
    ]
    return sorted(found, key=lambda one: not one.here)


def is_noted(actor: Actor, at: datetime) -> bool:
    """Whether the use of this sign-in was written down within the hour."""
    return actor.used_at is None or actor.used_at > at - NOTED_EVERY


def note_use(actor: Actor, at: datetime) -> None:
    """Write down that this sign-in was used."""
    values = {"sign_in_id": actor.sign_in_id, "at": at, "before": at - NOTED_EVERY}
    run(_NOTE, values)


def lock_there(actor: Actor, at: datetime, sign_in_id: UUID) -> None:
    """Leave a line about the notes that the actor locks in another browser. Raises NotFound."""
    _own(actor, sign_in_id)
    record(Act.VAULT_LOCK, at, actor.id, actor.id, sign_in=sign_in_id)


def sign_out_there(actor: Actor, at: datetime, sign_in_id: UUID) -> None:
    """End another sign-in of the actor's. Raises NotFound."""
    _own(actor, sign_in_id)
    people.end_sign_ins(SignIn.id == sign_in_id, at=at)
    record(Act.PERSON_SIGN_OUT, at, actor.id, sign_in_id)


def _own(actor: Actor, sign_in_id: UUID) -> None:
    """Raises NotFound unless it is a sign-in of the actor's that has not ended."""
    row = db.session.get(SignIn, sign_in_id)
    if row is None or row.person_id != actor.id or row.ended_at is not None:
        raise NotFound
