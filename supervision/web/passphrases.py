"""Choosing a passphrase, and how strong it is."""

import re
from dataclasses import dataclass
from math import prod
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import ValidationError
from wtforms.validators import EqualTo, InputRequired

from supervision.domain import vault
from supervision.domain.folding import cut, without_marks
from supervision.web.fields import PassphraseField
from supervision.web.forms import REQUIRED

SHORTEST = 12
CHANGED = "passphrase_changed"  # in the session, until the page that comes next has said so
GOOD = 3
# zxcvbn tries every way to read signs as letters on every stretch of the text, and a repeated part
# once more (dropbox/zxcvbn issue 326): all three are bounded before it begins. What follows 40
# characters adds nothing.
JUDGED = 40
MOST_READINGS = 4
LONGEST_KNOWN, MOST_KNOWN = 254, 40
# Signs that stand for the same letter, and the one that is read for all of them.
_ALIKE = [str.maketrans(*pair) for pair in [("@", "4"), ("{[<", "((("), ("!|", "11"), ("$+", "57")]]
_LETTERS = str.maketrans("4@8({[<3691!|l0$5+7%2", "aabcccceggiiiiossttxz")


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

    Takes no more than some 50 ms, whatever is typed. The person's own words count for nothing: what
    is left without them has to be strong as well.
    """
    if len(passphrase) < SHORTEST:
        missing = SHORTEST - len(passphrase)
        return Strength(0, _("Too short: %(count)d more to go.", count=missing))
    own = _own_words(known)
    typed = cut(passphrase[: vault.LONGEST_PASSPHRASE])
    rest = _without(own, typed)
    score = min(_score(text, own) for text in {typed, rest})
    if score == 0 and rest != typed:
        return Strength(0, _("It is made of your name or address. Choose another."))
    words = {
        0: _("Known to everybody who guesses. Choose another."),
        1: _("Very easy to guess. Choose another."),
        2: _("Still easy to guess. Add a word or two."),
        3: _("Good."),
        4: _("Very good."),
    }
    return Strength(score, words[score])


def _own_words(known: list[str]) -> list[str]:
    """Names and parts of addresses, in lower case and without accents, the longest first."""
    parts = re.findall(r"[^\W_]+", " ".join(without_marks(one[:LONGEST_KNOWN]) for one in known))
    words = {part for part in parts if len(part) > 1}
    return sorted(words, key=lambda word: (-len(word), word))[:MOST_KNOWN]


def _without(own: list[str], typed: str) -> str:
    """What is typed, without the own words: of two letters where they stand alone, signs read as
    letters, in any case."""
    if not own:
        return typed
    plain = without_marks(typed)
    found = "|".join(
        word if len(word) > 2 else rf"(?<![^\W_]){word}(?![^\W_])"
        for word in (re.escape(word.translate(_LETTERS)) for word in own)
    )
    ends = [match.span() for match in re.finditer(found, plain.translate(_LETTERS))]
    if not ends:
        return typed
    for begin, end in reversed(ends):
        plain = plain[:begin] + " " + plain[end:]
    return " ".join(plain.split())


def _score(text: str, own: list[str]) -> int:
    """zxcvbn's, from 0 to 4.

    It carries the common breached passphrases with it and asks nobody. They take 13 MB, so it comes
    when somebody first chooses a passphrase.
    """
    from zxcvbn import zxcvbn  # noqa: PLC0415 - see above

    return int(zxcvbn(_readable(text[:JUDGED]), user_inputs=own)["score"]) if text else 0


def _readable(text: str) -> str:
    """The text with fewer kinds of signs, where there would be too many ways to read them."""
    for signs in _ALIKE:
        if _readings(text) > MOST_READINGS:
            text = text.translate(signs)
    return text


def _readings(text: str) -> int:
    """In how many ways zxcvbn would read the signs of a text, at the least."""
    from zxcvbn.matching import L33T_TABLE, relevant_l33t_subtable  # noqa: PLC0415 - see above

    return prod(len(signs) for signs in relevant_l33t_subtable(text, L33T_TABLE).values())


def new_passphrase_field(label: Any = None) -> PassphraseField:
    return PassphraseField(
        label or lazy("Passphrase"),
        [InputRequired(REQUIRED)],
        description=lazy(
            "12 characters or more. Four or five unrelated words are easy to keep in mind."
        ),
        render_kw={"autocomplete": "new-password"},
    )


def again_field(name: str) -> PassphraseField:
    return PassphraseField(
        lazy("The same passphrase again"),
        [InputRequired(REQUIRED), EqualTo(name, lazy("The two are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )


def check(passphrase: str, known: list[str]) -> None:
    """Raise ValidationError for one that is too short or too easily guessed."""
    found = strength(passphrase, known)
    if not found.good:
        raise ValidationError(found.words)
