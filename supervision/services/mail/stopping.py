"""One click at the end of a mail: no more of this kind (RFC 8058)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select

from supervision.db import db, insert_new, run
from supervision.errors import N_, Gone
from supervision.models.mail import OPTIONAL, MailAgenda, MailKind, MailStop
from supervision.models.people import Person
from supervision.services.audit import Act, record

GONE = N_("It is old or not whole. Sign in and choose your mails in your profile instead.")
_STOP = insert_new(MailStop)


@dataclass(frozen=True)
class Stop:
    """What a token may turn off: one kind of mail, for one person."""

    person_id: UUID
    email: str
    kind: MailKind


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="mail-stop")


def stop_token(secret_key: str, person_id: UUID, kind: str) -> str:
    """What stands in the address; it names nobody to who cannot ask the database."""
    return str(_signer(secret_key).dumps([person_id.hex, kind]))


def open_stop(secret_key: str, token: str) -> Stop:
    """What a token was made for. Raises Gone, forged and stale alike."""
    try:
        key, kind = _signer(secret_key).loads(token)
    except BadSignature:
        raise Gone(GONE) from None
    email = db.session.scalar(select(Person.email).where(Person.id == UUID(key)))
    if email is None or kind not in OPTIONAL:
        raise Gone(GONE)
    return Stop(UUID(key), email, MailKind(kind))


def stop(secret_key: str, at: datetime, token: str) -> Stop:
    """Turn off this kind of mail and nothing else; twice is once. Raises Gone."""
    found = open_stop(secret_key, token)
    run(_STOP[db.engine.dialect.name], {"person_id": found.person_id, "kind": found.kind})
    if found.kind == MailKind.AGENDA:
        db.session.execute(delete(MailAgenda).where(MailAgenda.person_id == found.person_id))
    record(Act.MAIL_STOP, at, found.person_id, found.person_id, kind=found.kind)
    return found
