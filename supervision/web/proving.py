"""Asking for the passphrase once more, before something that cannot be taken back."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import PasswordField
from wtforms.validators import InputRequired

from supervision.permissions import Actor
from supervision.services import sign_ins
from supervision.services.sign_ins import Opened
from supervision.web import limits, passphrases
from supervision.web.forms import REQUIRED, Form
from supervision.web.settings import settings


class ProofForm(Form):
    """A form that holds the present passphrase."""

    present = PasswordField(
        lazy("Your present passphrase"),
        [InputRequired(REQUIRED)],
        render_kw={"autocomplete": "current-password", "maxlength": passphrases.LONGEST},
    )


def prove(actor: Actor, form: Any) -> Opened | None:
    """What the passphrase in the form opens; None: show the form again, with 422.

    One Argon2 run, in no transaction; the throttle is that of unlocking.
    """
    if not form.validate_on_submit():
        return None
    with limits.trying(limits.UNLOCK, str(actor.id)):
        opened = sign_ins.check(actor.email, form.present.data, settings())
    if opened is None:
        form.present.errors = [_("This is not your present passphrase.")]
        return None
    limits.forgive(limits.UNLOCK, str(actor.id))
    return opened
