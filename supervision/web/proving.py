"""Asking for the passphrase once more, before something that an open vault does not allow."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import Field
from wtforms.validators import InputRequired

from supervision import clock
from supervision.permissions import Actor
from supervision.services import sign_ins, unlocking
from supervision.services.sign_ins import Opened
from supervision.web import limits, transactions
from supervision.web.fields import PassphraseField
from supervision.web.forms import REQUIRED, Form
from supervision.web.settings import settings


def present_field(label: Any = None) -> PassphraseField:
    return PassphraseField(
        label or lazy("Your present passphrase"),
        [InputRequired(REQUIRED)],
        render_kw={"autocomplete": "current-password"},
    )


class ProofForm(Form):
    """A form that holds the present passphrase, and what else its page asks."""

    present = present_field()


class PresentForm(Form):
    """The passphrase, and nothing else."""

    passphrase = present_field(lazy("Passphrase"))


def prove(actor: Actor, form: Form, field: Field) -> Opened | None:
    """What the passphrase in a field of the form opens; None: show the form again, with 422.

    One Argon2 run, in no transaction; the throttle is that of unlocking.
    """
    if not form.validate_on_submit():
        return None
    with limits.trying(limits.UNLOCK, str(actor.id)):
        opened = sign_ins.check(actor.email, field.data, settings())
    if opened is None:
        field.errors = [_("This is not your present passphrase.")]
        return None
    limits.forgive(limits.UNLOCK, str(actor.id))
    if opened.former:
        tell_of_former_way(opened)
    return opened


def tell_of_former_way(opened: Opened) -> None:
    """A passphrase was right and its slot is one that its owner had replaced: they learn of it."""
    transactions.in_one(lambda: unlocking.refuse_former_way(opened.person_id, clock.now()))
