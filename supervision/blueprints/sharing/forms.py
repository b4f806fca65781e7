"""The forms of sharing."""

from uuid import UUID

from flask_babel import lazy_gettext as lazy
from wtforms import HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField

from supervision.domain.passages import LONGEST, ShareKind
from supervision.services.sharing import Circle, KeyState
from supervision.services.sharing.comments import LONGEST as COMMENT
from supervision.web import typed
from supervision.web.forms import Form, at_most, choices, lines
from supervision.web.proving import present_field

SHUT = {"autocomplete": "off", "spellcheck": "false"}
KINDS = {
    ShareKind.PASSAGE: lazy("A passage: the paragraphs ticked below, or my own words"),
    ShareKind.REVISION: lazy("All of it, as it is now"),
    ShareKind.FOLLOW: lazy("All of it, and what I change later"),
}


class SeenField(SelectMultipleField):  # type: ignore[misc]  # WTForms has no types
    """Pieces of the text itself, of any length."""

    longest = LONGEST


class ShareForm(Form):
    """What, in which way, with whom. `seen` holds the likely names that its writer was shown."""

    key = HiddenField()
    revision = HiddenField()
    kind = RadioField(lazy("What"), choices=choices(KINDS.items()), default=ShareKind.PASSAGE)
    paragraphs = SelectMultipleField(lazy("Paragraphs"), coerce=typed.number, validate_choice=False)
    text = TextAreaField(
        lazy("Or in your own words"),
        at_most(LONGEST),
        filters=[lines],
        description=lazy("What you write here is shared in place of the paragraphs."),
        render_kw={**SHUT, "rows": 4},
    )
    people = SelectMultipleField(lazy("People"), coerce=UUID, validate_choice=False)
    rosters = SelectMultipleField(lazy("Everybody in"), coerce=UUID, validate_choice=False)
    seen = SeenField(validate_choice=False)
    step = StringField()


class CommentForm(Form):
    key = HiddenField()
    text = TextAreaField(
        lazy("Your words"), at_most(COMMENT), filters=[lines], render_kw={**SHUT, "rows": 4}
    )


class WordsForm(Form):
    """`name` stands for the keys whose words were shown."""

    name = HiddenField()
    passphrase = present_field(lazy("Passphrase"))


def can_be_ticked(circle: Circle) -> bool:
    """Whether a roster has several people, of whom somebody can be given something now."""
    ready = any(one.state is KeyState.CHECKED for one in circle.people)
    return ready and len(circle.people) > 1
