"""What the vault refuses. A fault names the kind of thing that failed: no key, no text."""

from typing import Literal


class Damaged(Exception):
    """Authentication or format failed: this is not what was sealed for this place."""


class WrongKey(Damaged):
    """The place is right but the key is not: a wrong passphrase, code, cookie or pepper."""


class BadParams(Damaged):
    """Argon2 parameters that are too cheap (a downgrade) or too dear (a denial of service)."""


class HeadMismatch(Damaged):
    """The rows are not those that the head counted: one was deleted, rolled back or brought in."""


class KeyChanged(Damaged):
    """Somebody's public keys are not those that were compared."""


class BadCode(Exception):
    """A recovery code that cannot be one. `reason` says what to tell the person who typed it."""

    def __init__(self, reason: Literal["length", "letter", "checksum"]) -> None:
        super().__init__(reason)
        self.reason: Literal["length", "letter", "checksum"] = reason
