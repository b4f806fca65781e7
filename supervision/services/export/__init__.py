"""Export: everything of one's own, to take away. Nothing of it is kept here."""

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

from flask_babel import gettext as _

from supervision.domain.export import File
from supervision.domain.vault import Keys
from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.export.own import own_files
from supervision.services.export.reflections import reflection_files
from supervision.services.export.shared import shared_files

ABOUT = N_(
    "Your reflections are in the folder “reflections”: each as it stands, as Markdown, and its "
    "whole history as JSON. Drafts that wait are in “drafts”; what you share is in “shared”, and "
    "comments.json holds what you wrote about what others share. The rest is what is stored about "
    "you: .csv opens in a spreadsheet, .ics in a calendar. All instants are ISO 8601 with their "
    "offset from UTC.\n"
)


def files(actor: Actor, keys: Keys, pepper: bytes) -> Iterator[File]:
    """All that is the actor's, file by file, read as it is taken."""
    yield File("about.txt", _(ABOUT).encode())
    yield from own_files(actor)
    yield from reflection_files(actor, keys, pepper)
    yield from shared_files(actor, keys, pepper)


def keep_export(actor: Actor, at: datetime, *, sealed: bool) -> None:
    """Leave a line about an export, and tell its owner by mail that one was made."""
    record(Act.EXPORT_MAKE, at, actor.id, actor.id, sealed=sealed)
    mail.tell(
        actor,
        f"export:{uuid4()}",
        N_("Your data was exported"),
        N_(
            "Everything of yours, reflections too, was just downloaded with your passphrase.\n\n"
            "If this was not you, change your passphrase at once, look at your devices, and tell "
            "your organiser.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
    )


__all__ = ["files", "keep_export"]
