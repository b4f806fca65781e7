"""What the pages of booking share: the blueprint, forms, and what an address names."""

from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, abort, request
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from supervision.services.sessions.plan import MESSAGE
from supervision.web import forms, typed
from supervision.web.forms import Form

bp = Blueprint("booking", __name__)


class MessageForm(Form):
    """A few words for the other."""

    message = TextAreaField(
        lazy("Message"),
        [Length(max=MESSAGE, message=lazy("Keep this to %(max)s characters."))],
        filters=[forms.lines],
        description=lazy("May be left empty. It is mailed to both of you."),
        render_kw={"rows": 3, "maxlength": MESSAGE},
    )


class LateForm(MessageForm):
    """As it was shown: whether the notice asked for had passed."""

    late = BooleanField()


def day_in(text: str) -> date | None:
    """A date that the calendar can show, None for whatever else."""
    try:
        return typed.day(text)
    except ValueError:
        return None


def uuid_in(name: str) -> UUID | None:
    """An id in the address or the form; an address that holds none names no page."""
    text = request.values.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        abort(404)


def instant() -> datetime:
    """The time that was chosen. An address without one names no page."""
    return instant_in(request.values.get("at", ""))


def instant_in(text: str) -> datetime:
    """A time as forms and addresses of ours write it; whatever else names no page."""
    try:
        return typed.instant(text)
    except ValueError:
        abort(404)
