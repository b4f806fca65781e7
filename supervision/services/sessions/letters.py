"""The mail about one change, in its reader's language and own time."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from supervision.db import db
from supervision.domain.mail import Action, Block, Fact, Facts, Items, Letter, Quote, Text
from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.rosters import LEADS, Kind, Membership, MemberState
from supervision.services.mail import Mail, Reader, greeting, readers, short_moment, when
from supervision.services.places import Held
from supervision.services.sessions.invitations import Carried
from supervision.services.sessions.notices import Told


@dataclass(frozen=True)
class Words:
    """How one kind of change is told: in the subject, of a single session, of several, of none."""

    subject: str
    one: str
    many: str
    none: str = ""


WORDS = {
    "booked": Words(
        N_("Booked: %(title)s, %(when)s"),
        N_("%(name)s has booked a session of “%(title)s”."),
        N_("%(name)s has booked %(count)s sessions of “%(title)s”."),
    ),
    "opened": Words(
        N_("Open for sign-up: %(title)s, %(when)s"),
        N_("%(name)s has booked a session of “%(title)s”. Who wants to come signs up for it."),
        N_(
            "%(name)s has booked %(count)s sessions of “%(title)s”. Who wants to come signs up "
            "for each of them."
        ),
    ),
    "moved": Words(
        N_("Moved: %(title)s, %(when)s"),
        N_("%(name)s has moved a session of “%(title)s”."),
        N_("%(name)s has moved %(count)s sessions of “%(title)s”."),
    ),
    "cancelled": Words(
        N_("Cancelled: %(title)s, %(when)s"),
        N_("%(name)s has cancelled a session of “%(title)s”."),
        N_("%(name)s has cancelled %(count)s sessions of “%(title)s”."),
    ),
    "requested": Words(
        N_("Asked for: %(title)s, %(when)s"),
        N_("%(name)s asks for a session of “%(title)s”. The time is kept until you answer."),
        N_(
            "%(name)s asks for %(count)s sessions of “%(title)s”. The times are kept until you "
            "answer; your answer is for all of them."
        ),
    ),
    "accepted": Words(
        N_("Accepted: %(title)s, %(when)s"),
        N_("%(name)s has accepted the session of “%(title)s” that you asked for. It is booked."),
        N_(
            "%(name)s has accepted the %(count)s sessions of “%(title)s” that you asked for. They "
            "are booked."
        ),
    ),
    "declined": Words(
        N_("Not accepted: %(title)s, %(when)s"),
        N_("%(name)s cannot accept the session of “%(title)s” that you asked for."),
        N_("%(name)s cannot accept the %(count)s sessions of “%(title)s” that you asked for."),
    ),
    "withdrawn": Words(
        N_("Taken back: %(title)s, %(when)s"),
        N_("%(name)s no longer asks for this session of “%(title)s”. The time is free again."),
        N_(
            "%(name)s no longer asks for %(count)s sessions of “%(title)s”. The times are free "
            "again."
        ),
    ),
    "lapsed": Words(
        N_("Not answered: %(title)s, %(when)s"),
        N_("A session of “%(title)s” was asked for and not answered in time. It is not booked."),
        N_(
            "%(count)s sessions of “%(title)s” were asked for and not answered in time. They are "
            "not booked."
        ),
    ),
    "cancelled_late": Words(
        N_("Cancelled late: %(title)s, %(when)s"),
        N_("%(name)s has cancelled a session of “%(title)s”, later than the notice agreed on."),
        N_("%(name)s has cancelled %(count)s sessions of “%(title)s”, later than agreed on."),
    ),
    "moved_late": Words(
        N_("Moved late: %(title)s, %(when)s"),
        N_("%(name)s has moved a session of “%(title)s”, later than the notice agreed on."),
        N_("%(name)s has moved %(count)s sessions of “%(title)s”, later than agreed on."),
    ),
    "signup_on": Words(
        N_("Sign up from now on: %(title)s"),
        N_(
            "%(name)s has changed “%(title)s”: from now on you sign up for each session. One is "
            "booked already; you are signed up for it if you had a place, and wait for one if not."
        ),
        N_(
            "%(name)s has changed “%(title)s”: from now on you sign up for each session. "
            "%(count)s are booked already; you are signed up for those in which you had a place, "
            "and wait for one in the others."
        ),
    ),
    "signup_off": Words(
        N_("No sign-up any more: %(title)s"),
        N_("%(name)s has changed “%(title)s”: everybody is expected at its session again."),
        N_("%(name)s has changed “%(title)s”: everybody is expected at its %(count)s sessions."),
    ),
    "ended": Words(
        N_("Ended: %(title)s"),
        N_("%(name)s has ended the roster “%(title)s”. Its last coming session is cancelled."),
        N_(
            "%(name)s has ended the roster “%(title)s”. Its %(count)s coming sessions are "
            "cancelled."
        ),
        N_("%(name)s has ended the roster “%(title)s”. Past sessions stay to be read."),
    ),
    "changed": Words(
        N_("Changed: %(title)s, %(when)s"),
        N_("%(name)s has changed a session of “%(title)s”."),
        N_("%(name)s has changed %(count)s sessions of “%(title)s”."),
        N_("%(name)s has changed the roster “%(title)s”. No coming session of yours is affected."),
    ),
    "extended": Words(
        N_("Goes on: %(title)s, %(when)s"),
        N_("%(name)s has extended a series of “%(title)s” by a session."),
        N_("%(name)s has extended a series of “%(title)s” by %(count)s sessions."),
    ),
    "added": Words(
        N_("For you too: %(title)s, %(when)s"),
        N_("%(name)s has added you to a session of “%(title)s”."),
        N_("%(name)s has added you to %(count)s sessions of “%(title)s”."),
    ),
    "taken_off": Words(
        N_("No longer for you: %(title)s, %(when)s"),
        N_("A session of “%(title)s” is for others now. It has left your calendar."),
        N_("%(count)s sessions of “%(title)s” are for others now. They have left your calendar."),
    ),
    "left": Words(
        N_("Out of your calendar: %(title)s"),
        N_("You are no longer in “%(title)s”. Its session leaves your calendar."),
        N_("You are no longer in “%(title)s”. Its %(count)s sessions leave your calendar."),
    ),
    "left_out": Words(
        N_("Days left out: %(title)s"),
        N_("%(name)s has left out days of a series of “%(title)s”."),
        N_("%(name)s has left out days of a series of “%(title)s”."),
        N_("%(name)s has left out days of a series of “%(title)s”."),
    ),
    "series": Words(
        N_("In your calendar: %(title)s"),
        N_("A series of “%(title)s” has one session to come as it is now."),
        N_("A series of “%(title)s” has %(count)s sessions to come as it is now."),
        N_("A series of “%(title)s” has no session to come as it is now."),
    ),
}
REASON = N_("You get this because you are in “%(title)s”.")
REASONS = {"left": N_("You get this because you were invited to sessions of “%(title)s”.")}


# What will not be has no place to go to.
NOWHERE = (
    "cancelled",
    "cancelled_late",
    "declined",
    "withdrawn",
    "lapsed",
    "taken_off",
    "ended",
    "left",
)


def who_run(roster: Held) -> list[Reader]:
    """Those who run a roster: who leads it; in a peer roster every member."""
    these = (Membership.roster_id == roster.id) & (Membership.state == MemberState.ACTIVE)
    if roster.kind != Kind.PEER:
        these &= Membership.role.in_(LEADS)
    return readers(db.session.scalars(select(Membership.person_id).where(these)).all())


def letter(told: Told, reader: Reader, carried: Carried | None = None) -> Mail:
    """What a reader gets to read about a change, with what it brings into their calendar."""
    with force_locale(reader.language):
        reason = _(REASONS.get(told.verb, REASON), title=told.title)
        said = Letter(
            reader.language,
            list(_blocks(told, reader)),
            str(reason),
            carried.invitation(told, reader) if carried else None,
        )
        return Mail(
            told.event,
            reader.email,
            _subject(told, reader),
            said,
            MailKind.SESSIONS,
            reader.id,
            told.sequence,
        )


def _subject(told: Told, reader: Reader) -> str:
    words = WORDS[told.verb].subject
    if not told.spans:
        return str(_(words, title=told.title, when=_("no session of yours is affected")))
    first = short_moment(told.spans[0].start, reader)
    if told.count > 1:
        first = _("from %(when)s", when=first)
    return str(_(words, title=told.title, when=first))


def _blocks(told: Told, reader: Reader) -> Iterator[Block]:
    yield greeting(reader)
    yield Text(_sentence(told))
    if told.spans:
        yield Facts(_times(told, reader))
    place = [] if told.verb in NOWHERE else _place(told)
    if place:
        yield Facts(place)
    if told.message:
        yield Quote(_("%(name)s writes:", name=_name(told)), told.message)
    if told.busy.get(reader.id):
        yield Items(_("You have something else at these times:"), _busy(told, reader))
    if told.link:
        yield Action(told.link)


def _sentence(told: Told) -> str:
    words = WORDS[told.verb]
    said = {0: words.none, 1: words.one}.get(told.count, words.many)
    return str(_(said, name=_name(told), count=told.count, title=told.title))


def _name(told: Told) -> str:
    return told.name or str(_("The calendar"))


def _times(told: Told, reader: Reader) -> list[Fact]:
    shown = [Fact("", when(span, reader, told.zone)) for span in told.spans]
    if told.before:
        before = Fact(_("Before"), when(told.before, reader, told.zone))
        shown = [before, Fact(_("Now"), shown[0].value)]
    if told.count > len(told.spans):
        shown.append(Fact("", _("… and %(more)s more", more=told.count - len(told.spans))))
    return shown


def _place(told: Told) -> list[Fact]:
    found = ((_("Place"), told.address), (_("Meeting link"), told.meeting_link))
    return [Fact(label, value) for label, value in found if value]


def _busy(told: Told, reader: Reader) -> list[str]:
    """The reader's own busy times, when something was booked over them."""
    return [short_moment(start, reader) for start in told.busy[reader.id]]
