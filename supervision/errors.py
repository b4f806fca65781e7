"""What can go wrong on purpose. Texts are gettext msgids, which the web layer translates."""

from typing import Any


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for translation where no language is known yet."""
    return msgid


class SupervisionError(Exception):
    """Base of all refusals. `msgid` is an English sentence, `params` fill its %(name)s places."""

    def __init__(self, msgid: str = "", **params: Any) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.params = params


class NotFound(SupervisionError):
    """Unknown, or not for this person to know: the two look alike (404)."""


class NotAllowed(SupervisionError):
    """The person may see the thing but may not do this to it (403)."""


class Gone(SupervisionError):
    """A link that was used, revoked or has run out (410)."""


class Conflict(SupervisionError):
    """True when asked, no longer true now: full, already booked, already answered (409)."""


class Invalid(SupervisionError):
    """A value that cannot be taken (422). `field` names the form field that it stands beside."""

    def __init__(self, field: str | None, msgid: str, **params: Any) -> None:
        super().__init__(msgid, **params)
        self.field = field


class Locked(SupervisionError):
    """The vault is closed; the person is asked to unlock it."""


class BadSettings(SupervisionError):
    """The installation cannot start as it is set up; the message is one line for its operator."""
