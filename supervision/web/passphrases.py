"""Choosing a passphrase, and how strong it is."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import PasswordField, ValidationError
from wtforms.validators import EqualTo, InputRequired

from supervision.web.forms import REQUIRED

SHORTEST = 12
LONGEST = 200
# zxcvbn's time grows with the square of the length; what follows 72 characters adds nothing.
JUDGED = 72
GOOD = 3


@dataclass(frozen=True)
class Strength:
    """`score` runs from 0 to 4; 3 and above is taken."""

    score: int
    words: str

    @property
    def good(self) -> bool:
        return self.score >= GOOD


def strength(passphrase: str, known: list[str]) -> Strength:
    """Judge a passphrase; `known` holds what a stranger would try first: name and address.

    The judge (zxcvbn) carries the common breached passphrases with it and asks nobody. They take
    13 MB, so it comes when somebody first chooses a passphrase.
    """
    from zxcvbn import zxcvbn  # noqa: PLC0415 - see above

    if len(passphrase) < SHORTEST:
        missing = SHORTEST - len(passphrase)
        return Strength(0, _("Too short: %(count)d more to go.", count=missing))
    parts = [part for text in known for part in (text, *text.replace("@", " ").split()) if part]
    score = int(zxcvbn(passphrase[:JUDGED], user_inputs=parts)["score"])
    words = {
        0: _("Known to everybody who guesses. Choose another."),
        1: _("Very easy to guess. Choose another."),
        2: _("Still easy to guess. Add a word or two."),
        3: _("Good."),
        4: _("Very good."),
    }
    return Strength(score, words[score])


def new_passphrase_field(label: Any = None) -> PasswordField:
    return PasswordField(
        label or lazy("Passphrase"),
        [InputRequired(REQUIRED)],
        description=lazy(
            "12 characters or more. Four or five unrelated words are easy to keep in mind."
        ),
        render_kw={"autocomplete": "new-password", "maxlength": LONGEST},
    )


def again_field(name: str) -> PasswordField:
    return PasswordField(
        lazy("The same passphrase again"),
        [InputRequired(REQUIRED), EqualTo(name, lazy("The two are not the same."))],
        render_kw={"autocomplete": "new-password", "maxlength": LONGEST},
    )


def check(passphrase: str, known: list[str]) -> None:
    """Raise ValidationError for one that is too short, too long or too easily guessed."""
    if len(passphrase) > LONGEST:
        raise ValidationError(_("Keep this to %(max)d characters.", max=LONGEST))
    found = strength(passphrase, known)
    if not found.good:
        raise ValidationError(found.words)
