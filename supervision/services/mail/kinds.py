"""What a kind of mail is called, what comes under it, and why its reader gets it."""

from dataclasses import dataclass

from supervision.errors import N_
from supervision.models.mail import MailKind


@dataclass(frozen=True)
class KindWords:
    """Marked texts: `name` and `about` for a page, `reason` for the end of a mail."""

    name: str
    about: str
    reason: str


WORDS = {
    MailKind.ACCOUNT: KindWords(
        N_("Your account"),
        N_(
            "Invitations to join, a new passphrase, a used recovery code, your role; a calendar of "
            "yours that cannot be read."
        ),
        N_("You get this because you have an account here, or are invited to make one."),
    ),
    MailKind.SESSIONS: KindWords(
        N_("Changes of sessions"),
        N_("A session is booked, moved, cancelled, asked for or answered; polls; who was there."),
        N_("You get this because you are in the roster that it is about."),
    ),
    MailKind.ROSTERS: KindWords(
        N_("Rosters"),
        N_("Invitations to rosters, places and the waiting list, who joins and who leaves."),
        N_("You get this because you are in this roster, run it, or are invited to it."),
    ),
    MailKind.TURNS: KindWords(
        N_("Turns"),
        N_("Your turn to facilitate or present, and questions whether you take one."),
        N_("You get this because you are in this group and its turns concern you."),
    ),
    MailKind.SHARING: KindWords(
        N_("What is shared with you"),
        N_("Somebody shares something of a reflection with you, or writes about what you shared."),
        N_("You get this because somebody in a roster of yours shares something with you."),
    ),
    MailKind.REMINDERS: KindWords(
        N_("Reminders"),
        N_("A short mail before each of your sessions."),
        N_("You get this because reminders of your sessions are turned on."),
    ),
    MailKind.AGENDA: KindWords(
        N_("Daily agenda"),
        N_("The coming day's sessions in one mail; none on a day without."),
        N_("You get this because you asked for a daily agenda."),
    ),
}
