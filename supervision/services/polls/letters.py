"""Mails about polls, in each reader's language and own time."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask_babel import force_locale
from flask_babel import gettext as _

from supervision.domain.mail import Quote
from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.polls import Shows
from supervision.models.rosters import LEADS
from supervision.services import mail
from supervision.services.mail import Mail, Reader, moment
from supervision.services.polls.board import Board, busy

Words = tuple[str, str]
ASKED = (
    N_("When could you meet? %(title)s"),
    N_(
        "%(name)s asks which of these times suit you for “%(title)s”, for "
        "%(minutes)s minutes:\n\n%(times)s\n\nAnswer by %(closes)s:\n%(link)s\n"
    ),
)
MISSING = (
    N_("Your answer is missing: %(title)s"),
    N_(
        "%(name)s has asked when you could meet for “%(title)s”. The poll closes "
        "on %(closes)s, and you have not answered yet:\n\n%(times)s\n\n%(link)s\n"
    ),
)
CLOSED = (
    N_("The poll is closed: %(title)s"),
    N_("The poll about when to meet for “%(title)s” is closed.\n\n%(result)s\n\n%(link)s\n"),
)


def tell_asked(board: Board, at: datetime, base_url: str) -> None:
    """Tell everybody but who asks."""
    readers = [one.id for one in board.members if one.id != board.poll.made_by_id]

    def written(reader: Reader) -> Mail:
        said = _letter(board, "asked", ASKED, reader, base_url)
        name, text = board.poll.made_by, board.poll.message
        if not text:
            return said
        quote = Quote(_("%(name)s writes:", name=name), text)
        return replace(said, letter=replace(said.letter, blocks=[*said.letter.blocks, quote]))

    _queue(readers, written, at)


def tell_missing(board: Board, at: datetime, base_url: str) -> None:
    """Remind whoever has not answered."""
    readers = [one.id for one in board.members if one.answered_at is None]
    _queue(readers, lambda reader: _letter(board, "missing", MISSING, reader, base_url), at)


def tell_closed(board: Board, at: datetime, closer_id: UUID | None, base_url: str) -> None:
    """Tell everybody but who closed it, with the best time for those who see the answers."""
    impossible, _own = busy(board, at, None)
    option, tally = board.ranked(impossible)[0]
    leads = {one.id for one in board.members if one.role in LEADS} | {board.poll.made_by_id}

    def written(reader: Reader) -> Mail:
        result = _("Nothing is booked yet.")
        if board.poll.shows != Shows.NEVER or reader.id in leads:
            best = _(
                "The best time: %(when)s, with %(yes)s yes, %(maybe)s if need be, %(no)s no.",
                when=moment(option.starts_at, reader),
                yes=tally.yes,
                maybe=tally.maybe,
                no=tally.no,
            )
            result = f"{best if tally.possible else _('None of the times is possible.')} {result}"
        return _letter(board, "closed", CLOSED, reader, base_url, result=result)

    readers = [one.id for one in board.members if one.id != closer_id]
    _queue(readers, written, at)


def _queue(readers: Iterable[UUID], written: Callable[[Reader], Mail], at: datetime) -> None:
    mails = []
    for reader in mail.readers(list(readers)):
        with force_locale(reader.language):
            mails.append(written(reader))
    mail.queue_all(mails, at)


def _letter(
    board: Board, what: str, words: Words, reader: Reader, base_url: str, **more: object
) -> Mail:
    poll = board.poll
    params = {
        "name": poll.made_by,
        "title": poll.title,
        "minutes": poll.minutes,
        "times": "\n".join(f"- {moment(one.starts_at, reader)}" for one in board.options),
        "closes": moment(poll.closes_at, reader),
        "link": f"{base_url}/polls/{poll.id}",
        **more,
    }
    subject, body = (str(_(text, **params)) for text in words)
    letter = mail.letter_to(reader, body, MailKind.SESSIONS)
    event = f"poll:{poll.id}:{what}"
    return Mail(event, reader.email, subject, letter, MailKind.SESSIONS, reader.id)
