"""Which mails somebody wants: kinds, reminders, a daily agenda."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from supervision.db import db, run
from supervision.domain.reminders import LEADS, MOST, USUAL_LEAD, next_agenda
from supervision.errors import N_, Invalid
from supervision.models.mail import OPTIONAL, MailAgenda, MailKind, MailReminder, MailStop
from supervision.models.people import Person, SessionsBy
from supervision.permissions import Actor
from supervision.services.audit import Act, record


@dataclass(frozen=True)
class Choices:
    """What somebody wants to get.

    `reminders` are minutes before a session, the longest first; whether they are sent at all is a
    matter of the kind. `agenda_hour` is a full local hour, None: no agenda. `sessions_by`: how
    sessions come into their calendar.
    """

    kinds: frozenset[MailKind]
    reminders: tuple[int, ...]
    agenda_hour: int | None
    sessions_by: SessionsBy = SessionsBy.FEED


_STOPS = select(MailStop.kind).where(MailStop.person_id == bindparam("person_id"))
_LEADS = select(MailReminder.minutes).where(MailReminder.person_id == bindparam("person_id"))
_BY = select(Person.sessions_by).where(Person.id == bindparam("person_id"))
_HOUR = select(MailAgenda.hour).where(MailAgenda.person_id == bindparam("person_id"))


def choices_of(actor: Actor) -> Choices:
    """What the actor chose, or the defaults."""
    mine = {"person_id": actor.id}
    stopped = set(run(_STOPS, mine).scalars())
    leads = sorted(run(_LEADS, mine).scalars(), reverse=True)
    hour = run(_HOUR, mine).scalar()
    wanted = frozenset(kind for kind in OPTIONAL if kind not in stopped)
    return Choices(
        wanted if hour is not None else wanted - {MailKind.AGENDA},
        tuple(leads) or (USUAL_LEAD,),
        hour,
        SessionsBy(run(_BY, mine).scalar_one()),
    )


def choose(actor: Actor, at: datetime, choices: Choices) -> None:
    """Put a choice in the place of the former one. Raises Invalid (reminders, agenda_hour,
    sessions_by: invitations come with mails that are turned off).

    Without any reminder the kind is turned off; the agenda's kind follows its hour.
    """
    leads, hour = set(choices.reminders), choices.agenda_hour
    if not leads <= set(LEADS) or len(leads) > MOST:
        raise Invalid("reminders", N_("Choose up to three times from the list."))
    if hour is not None and not 0 <= hour < 24:
        raise Invalid("agenda_hour", N_("Choose an hour from the list."))
    if choices.sessions_by != SessionsBy.FEED and MailKind.SESSIONS not in choices.kinds:
        raise Invalid(
            "sessions_by",
            N_("Invitations come with the mails about changes of sessions: tick those as well."),
        )
    wanted = choices.kinds - {MailKind.AGENDA} | ({MailKind.AGENDA} if hour is not None else set())
    if not leads:
        wanted -= {MailKind.REMINDERS}
    _forget(actor.id)
    stops = [kind for kind in OPTIONAL if kind not in wanted]
    db.session.add_all(MailStop(person_id=actor.id, kind=kind) for kind in stops)
    db.session.add_all(MailReminder(person_id=actor.id, minutes=lead) for lead in leads)
    if hour is not None:
        due_at = next_agenda(hour, actor.zone, at)
        db.session.add(MailAgenda(person_id=actor.id, hour=hour, due_at=due_at))
    db.session.execute(
        update(Person).where(Person.id == actor.id).values(sessions_by=choices.sessions_by)
    )
    db.session.flush()
    record(Act.MAIL_CHOOSE, at, actor.id, actor.id)


def _forget(person_id: UUID) -> None:
    for model in (MailStop, MailReminder, MailAgenda):
        db.session.execute(delete(model).where(model.person_id == person_id))


def follow_zone(person_id: UUID, zone: str, at: datetime) -> None:
    """Somebody's zone changed: their agenda comes at its hour there."""
    hour = run(_HOUR, {"person_id": person_id}).scalar()
    if hour is not None:
        db.session.execute(
            update(MailAgenda)
            .where(MailAgenda.person_id == person_id)
            .values(due_at=next_agenda(hour, zone, at))
        )
