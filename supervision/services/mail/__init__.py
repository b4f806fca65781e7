"""Mails: queued with what causes them, sent once by the worker or tried again, and turned off."""

from supervision.models.mail import OPTIONAL, MailKind
from supervision.services.mail.answers import GONE as ANSWER_GONE
from supervision.services.mail.answers import WORDS as ANSWERS
from supervision.services.mail.answers import Asked, answer_token, read_answer_token
from supervision.services.mail.choices import Choices, choices_of, choose, follow_zone
from supervision.services.mail.composing import Letterhead, compose
from supervision.services.mail.kinds import WORDS, KindWords
from supervision.services.mail.outbox import Mail, greeting, letter_to, queue, queue_all, tell
from supervision.services.mail.posts import Post, Send, delivered, sender_for
from supervision.services.mail.readers import (
    COLUMNS,
    Addressee,
    Reader,
    hours,
    moment,
    readers,
    short_moment,
    when,
)
from supervision.services.mail.sending import ATTEMPTS, LEASE, is_due, send_due
from supervision.services.mail.standing import (
    Standing,
    Waiting,
    forget_old,
    give_up,
    not_sent,
    overdue_since,
    standing,
    try_again,
)
from supervision.services.mail.stopping import Stop, open_stop, stop, stop_token

__all__ = [
    "ANSWERS",
    "ANSWER_GONE",
    "ATTEMPTS",
    "COLUMNS",
    "LEASE",
    "OPTIONAL",
    "WORDS",
    "Addressee",
    "Asked",
    "Choices",
    "KindWords",
    "Letterhead",
    "Mail",
    "MailKind",
    "Post",
    "Reader",
    "Send",
    "Standing",
    "Stop",
    "Waiting",
    "answer_token",
    "choices_of",
    "choose",
    "compose",
    "delivered",
    "follow_zone",
    "forget_old",
    "give_up",
    "greeting",
    "hours",
    "is_due",
    "letter_to",
    "moment",
    "not_sent",
    "open_stop",
    "overdue_since",
    "queue",
    "queue_all",
    "read_answer_token",
    "readers",
    "send_due",
    "sender_for",
    "short_moment",
    "standing",
    "stop",
    "stop_token",
    "tell",
    "try_again",
    "when",
]
