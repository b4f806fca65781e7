"""Mails about seats: to whose seat it is, and to those who run the roster."""

from datetime import datetime
from uuid import UUID

from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.rosters import Membership
from supervision.services import mail
from supervision.services.places import Held
from supervision.services.sessions.letters import who_run

# What is told to the member: subject and body.
TO_MEMBER = {
    "offered": (
        N_("A place is free: %(title)s"),
        N_(
            "A place in “%(title)s” is free, and you are the next in line.\n\n"
            "It is kept for you until %(until)s. After that it goes to the next.\n\n"
            "Take it or decline it here:\n%(link)s\n"
        ),
    ),
    "lapsed": (
        N_("Your offer has lapsed: %(title)s"),
        N_(
            "The place in “%(title)s” that was kept for you is offered to the next in line.\n\n"
            "You are still invited. Accept again to be put at the end of the line:\n%(link)s\n"
        ),
    ),
    "removed": (
        N_("No longer in %(title)s"),
        N_(
            "You were taken out of the roster “%(title)s”. Past sessions stay to be read.\n\n"
            "If you think that this is a mistake, ask those who run it.\n"
        ),
    ),
    "withdrawn": (
        N_("No longer invited to %(title)s"),
        N_("The invitation to the roster “%(title)s” was withdrawn. There is nothing to do.\n"),
    ),
    "ended": (
        N_("Ended: %(title)s"),
        N_("The roster “%(title)s” has ended, and its waiting list with it.\n"),
    ),
}
# What is told to those who run the roster.
TO_WHO_RUN = {
    "joined": (
        N_("%(name)s has joined %(title)s"),
        N_("%(name)s has taken a place in “%(title)s”.\n\n%(link)s\n"),
    ),
    "waits": (
        N_("%(name)s waits for a place in %(title)s"),
        N_("All places in “%(title)s” are taken. %(name)s is on the waiting list.\n\n%(link)s\n"),
    ),
    "offered": (
        N_("A place in %(title)s is offered to %(name)s"),
        N_(
            "A place in “%(title)s” is free. %(name)s is the next in line and has until "
            "%(until)s to take it.\n\n%(link)s\n"
        ),
    ),
    "lapsed": (
        N_("No answer from %(name)s: %(title)s"),
        N_("%(name)s did not take the place in “%(title)s” in time.\n\n%(link)s\n"),
    ),
    "declined": (
        N_("%(name)s declines a place in %(title)s"),
        N_("%(name)s does not come to “%(title)s”.\n\n%(link)s\n"),
    ),
    "left": (
        N_("%(name)s has left %(title)s"),
        N_("%(name)s has left “%(title)s”.\n\n%(link)s\n"),
    ),
    "removed": (
        N_("%(name)s is no longer in %(title)s"),
        N_("%(name)s was taken out of “%(title)s”.\n\n%(link)s\n"),
    ),
}


def tell(
    what: str,
    roster: Held,
    membership: Membership,
    at: datetime,
    base_url: str,
    by: UUID | None = None,
) -> None:
    """Mail what became of a membership to its person and to those who run the roster.

    `what` is a key of TO_MEMBER or TO_WHO_RUN; who is in neither is told nothing. Nobody is told
    what they did themselves: neither the person it is about, nor whoever did it (`by`).
    """
    (about,) = mail.readers([membership.person_id])
    readers = [(about, TO_MEMBER[what])] if what in TO_MEMBER else []
    if what in TO_WHO_RUN:
        others = [one for one in who_run(roster) if one.id not in (about.id, by)]
        readers += [(one, TO_WHO_RUN[what]) for one in others]
    until = membership.offered_until
    for reader, (subject, body) in readers:
        mail.tell(
            reader,
            f"seat-{what}:{membership.id}:{at:%Y%m%d%H%M%S}",
            subject,
            body,
            at,
            kind=MailKind.ROSTERS,
            name=about.name,
            title=roster.title,
            until=mail.moment(until, reader) if until else "",
            link=f"{base_url}/rosters/{roster.id}",
        )
