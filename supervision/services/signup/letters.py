"""Mails about signing up: to whose seat it is, and to those who run the roster and want to know."""

from datetime import datetime
from uuid import UUID

from flask_babel import lazy_gettext as lazy

from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.sessions import Session
from supervision.services import mail
from supervision.services.places import Held
from supervision.services.sessions.letters import who_run

# What is told to the member: subject and body.
TO_MEMBER = {
    "offered": (
        N_("A place is free: %(title)s, %(when)s"),
        N_(
            "A place in “%(title)s” on %(when)s is free, and you are the next in line.\n\n"
            "It is kept for you until %(until)s. After that it goes to the next.\n\n"
            "Take it or decline it here:\n%(link)s\n"
        ),
    ),
    "moved_up": (
        N_("You have a place: %(title)s, %(when)s"),
        N_(
            "A place in “%(title)s” on %(when)s became free, and you were the next in line. As "
            "you wished, it was taken for you: you are signed up.%(busy)s\n\n"
            "If you cannot come, please sign off, so that the next can:\n%(link)s\n"
        ),
    ),
    "lapsed": (
        N_("Your offer has lapsed: %(title)s, %(when)s"),
        N_(
            "The place in “%(title)s” on %(when)s that was kept for you is offered to the next in "
            "line.\n\n%(link)s\n"
        ),
    ),
}
# What is told to those who run the roster.
TO_WHO_RUN = {
    "comes": (
        N_("%(name)s signs up: %(title)s, %(when)s"),
        N_("%(name)s has signed up for “%(title)s” on %(when)s.\n\n%(link)s\n"),
    ),
    "waits": (
        N_("%(name)s waits for a place: %(title)s, %(when)s"),
        N_(
            "All places in “%(title)s” on %(when)s are taken. %(name)s is on the waiting list.\n\n"
            "%(link)s\n"
        ),
    ),
    "off": (
        N_("%(name)s signs off: %(title)s, %(when)s"),
        N_("%(name)s does not come to “%(title)s” on %(when)s.\n\n%(link)s\n"),
    ),
    "off_late": (
        N_("%(name)s signs off late: %(title)s, %(when)s"),
        N_(
            "%(name)s does not come to “%(title)s” on %(when)s. Signing off had closed already.\n\n"
            "%(link)s\n"
        ),
    ),
    "moved_up": (
        N_("%(name)s moves up: %(title)s, %(when)s"),
        N_(
            "A place in “%(title)s” on %(when)s became free, and %(name)s has it now.\n\n%(link)s\n"
        ),
    ),
    "offered": (
        N_("A place is offered to %(name)s: %(title)s, %(when)s"),
        N_(
            "A place in “%(title)s” on %(when)s is free. %(name)s is the next in line and has "
            "until %(until)s to take it.\n\n%(link)s\n"
        ),
    ),
    "lapsed": (
        N_("No answer from %(name)s: %(title)s, %(when)s"),
        N_("%(name)s did not take the place in “%(title)s” on %(when)s in time.\n\n%(link)s\n"),
    ),
    "declined": (
        N_("%(name)s declines a place: %(title)s, %(when)s"),
        N_("%(name)s does not take the place in “%(title)s” on %(when)s.\n\n%(link)s\n"),
    ),
}
# Said in the reader's language when the mail is written.
BUSY = lazy(" At this time you also have something else; your calendar shows it.")


def tell(
    what: str,
    roster: Held,
    session: Session,
    person_id: UUID,
    at: datetime,
    base_url: str,
    until: datetime | None = None,
    busy: bool = False,
) -> None:
    """Mail what became of somebody's place in a session, to them and to those who run the roster.

    `what` is a key of TO_MEMBER or TO_WHO_RUN; who is in neither is told nothing. `until` is when
    an offer lapses, `busy` says that the person has something else then.
    """
    (about,) = mail.readers([person_id])
    readers = [(about, TO_MEMBER[what])] if what in TO_MEMBER else []
    if roster.signup_told and what in TO_WHO_RUN:
        others = [one for one in who_run(roster) if one.id != person_id]
        readers += [(one, TO_WHO_RUN[what]) for one in others]
    for reader, (subject, body) in readers:
        mail.tell(
            reader,
            f"signup-{what}:{session.id}:{person_id}:{at:%Y%m%d%H%M%S}",
            subject,
            body,
            at,
            kind=MailKind.ROSTERS,
            name=about.name,
            title=roster.title,
            when=mail.moment(session.starts_at, reader),
            until=mail.moment(until, reader) if until else "",
            busy=BUSY if busy else "",
            link=f"{base_url}/sessions/{session.id}",
        )
