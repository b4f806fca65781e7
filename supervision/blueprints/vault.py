"""The vault's doors: unlock, lock, the recovery code, and beginning again."""

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from supervision import clock
from supervision.domain.vault import LONGEST_CODE, Keys
from supervision.errors import N_, Conflict, Invalid
from supervision.permissions import Actor
from supervision.services import people, sign_ins
from supervision.services import unlocking as unlocks
from supervision.services import vault as vaults
from supervision.services.sign_ins import Changed, Opened
from supervision.services.vault import ByCode
from supervision.web import forms, limits, transactions, unlocking, witnessing
from supervision.web.auth import safe_next, signed_in, viewer
from supervision.web.forms import Form, trimmed
from supervision.web.fragments import page as show_page
from supervision.web.proving import PresentForm, present_field, prove, tell_of_former_way
from supervision.web.settings import settings
from supervision.web.witnessing import Doubt

bp = Blueprint("vault", __name__)


def _code_field() -> StringField:
    return StringField(
        lazy("Recovery code"),
        [InputRequired(forms.REQUIRED), *forms.at_most(LONGEST_CODE)],
        filters=[trimmed],
        description=lazy("Small letters will do, and so will leaving out the dashes."),
        render_kw={
            "autocomplete": "off",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "class": "code-input",
        },
    )


def _accept_field() -> BooleanField:
    return BooleanField(lazy("I know why, and go on with my notes as they are stored here"))


class UnlockForm(PresentForm):
    accept = _accept_field()


class TypeBackForm(Form):
    code = _code_field()


class RecoverForm(Form):
    code = _code_field()
    passphrase = present_field()
    accept = _accept_field()


class BeginAgainForm(Form):
    passphrase = present_field()
    sure = BooleanField(
        lazy("I understand that all my notes will be deleted for good"),
        [InputRequired(lazy("Tick this if you are sure."))],
    )


# -- unlock and lock -----------------------------------------------------------------------


@bp.get("/unlock")
@signed_in
def unlock() -> Response:
    if unlocking.opened() is not None:
        return redirect(safe_next(request.args.get("next")))
    return _unlock_page(200, UnlockForm())


@bp.post("/unlock")
@signed_in
@transactions.by_hand
@limits.in_turn
def open_vault() -> Response:
    """One Argon2id run before any transaction; one answer for all that does not open."""
    actor, form = viewer(), UnlockForm()
    if not form.validate_on_submit():
        return _unlock_page(422, form)
    with limits.trying(limits.UNLOCK, str(actor.id)):
        opened = sign_ins.check(actor.email, form.passphrase.data, settings())
    if opened is None or opened.keys is None:
        transactions.in_one(lambda: vaults.refuse_unlock(actor, clock.now()))
        words = N_("This does not open your notes.")
        if opened is not None and opened.former:
            tell_of_former_way(opened)
            words = vaults.FORMER_WAY
        form.passphrase.errors = [_(words)]
        return _unlock_page(422, form)
    limits.forgive(limits.UNLOCK, str(actor.id))
    doubt = witnessing.doubt(actor.id, opened.keys)
    if doubt is not None and not form.accept.data:
        witnessing.hold(doubt)
        return _unlock_page(422, form)
    _keep_unlock(actor, opened, form.passphrase.data, doubt)
    target = safe_next(request.args.get("next") or "/notes")
    return _let_in(actor, opened.keys, target, accepted=doubt is not None)


def _keep_unlock(actor: Actor, opened: Opened, passphrase: str, doubt: Doubt | None) -> None:
    """Note the unlock; stretch the passphrase anew if that was cheaper than it is today."""
    keys, dearer = opened.keys, None
    assert keys is not None
    if vaults.is_cheap(actor.id, sign_ins.policy(settings())):
        dearer = sign_ins.change(opened, passphrase, settings())

    def keep() -> None:
        vaults.keep_unlock(actor, clock.now())
        if doubt is not None:
            unlocks.accept_older(actor, clock.now())
        unlocking.settle(actor, keys)
        if dearer is not None and dearer.slot is not None:
            vaults.keep_dearer(actor, keys, dearer.credential, dearer.slot, clock.now())

    transactions.in_one(keep)


def _let_in(actor: Actor, keys: Keys, target: str, *, accepted: bool = False) -> Response:
    response: Response = redirect(target, 303)
    if request.headers.get("HX-Request"):
        response = make_response("", 200, {"HX-Redirect": target})
    unlocking.unlock(response, actor.id, actor.sign_in_id, keys, accepted=accepted)
    return response


def _unlock_page(status: int, form: UnlockForm) -> Response:
    return _door("vault/unlock.html", status, form)


def _door(template: str, status: int, form: Form) -> Response:
    """A page that asks for a way in, with what there is to tell first, through wrong tries too."""
    actor, doubt = viewer(), witnessing.held()
    asked = people.organisers_beside(actor) if doubt is not None else []
    return show_page(
        template, status, form=form, ways=vaults.ways(actor.id), doubt=doubt, organisers=asked
    )


@bp.post("/lock")
@signed_in
@transactions.by_hand
def lock() -> Response:
    """By hand, so that an old page's button locks again instead of replaying its first answer."""
    transactions.in_one(lambda: vaults.keep_lock(viewer(), clock.now()))
    target = url_for("vault.unlock", locked="yes")
    response: Response = redirect(target, 303)
    if request.headers.get("HX-Request"):
        response = make_response("", 200, {"HX-Redirect": target})
    unlocking.lock(response)
    return response


@bp.get("/vault/state")
@signed_in
@unlocking.passive
def state() -> Response:
    """204 while open, 423 (RFC 4918, 11.3) while locked. Asking keeps nothing open."""
    return make_response("", 204 if unlocking.opened() is not None else 423)


# -- the recovery code ---------------------------------------------------------------------


@bp.get("/vault/recovery-code")
@signed_in
def recovery_code() -> Response:
    return _code_page(200, None)


@bp.post("/vault/recovery-code")
@signed_in
@transactions.by_hand
def make_code() -> Response:
    """Shows a new code, this once. To replace a code that counts, the passphrase is asked again."""
    actor, keys = viewer(), unlocking.keys()
    if vaults.ways(actor.id).code:
        form = PresentForm()
        if prove(actor, form, form.passphrase) is None:
            return _code_page(422, form)
    code = transactions.in_one(lambda: vaults.new_code(actor, clock.now(), keys))
    return show_page("vault/code.html", 200, code=code)


def _code_page(status: int, form: PresentForm | None) -> Response:
    ways = vaults.ways(viewer().id)
    if form is None:
        form = PresentForm(formdata=None)
    return show_page("vault/recovery_code.html", status, form=form, ways=ways)


@bp.get("/vault/recovery-code/check")
@signed_in
def check_code() -> Response:
    if not vaults.ways(viewer().id).waiting:
        return redirect(url_for("vault.recovery_code"))
    return show_page("vault/check_code.html", 200, form=TypeBackForm())


@bp.post("/vault/recovery-code/check")
@signed_in
@transactions.by_hand
def confirm_code() -> Response:
    """By hand, so that the line about a former code stays when the code is refused."""
    form = TypeBackForm()
    if not _confirm(form):
        return show_page("vault/check_code.html", 422, form=form)
    flash(_("Your recovery code is in force. Keep it where you keep what must not be lost."))
    return redirect(url_for("notes.index"), 303)


def _confirm(form: TypeBackForm) -> bool:
    if not form.validate_on_submit():
        return False
    actor, typed = viewer(), form.code.data
    try:
        keys = transactions.in_one(lambda: vaults.confirm_code(actor, clock.now(), typed))
    except (Invalid, Conflict) as error:
        _refuse_code(actor, form, error)
        return False
    unlocking.head_moved(keys)
    return True


def _refuse_code(actor: Actor, form: Form, error: Invalid | Conflict) -> None:
    if isinstance(error, vaults.FormerWay):
        tell_of_former_way(Opened(actor.id, None))
    form.refuse(error)


@bp.get("/vault/recover")
@signed_in
def recover_form() -> Response:
    return _recover_page(200, RecoverForm())


@bp.post("/vault/recover")
@signed_in
@transactions.by_hand
@limits.in_turn
def recover() -> Response:
    """The code opens the vault once; the present passphrase opens it from then on."""
    actor, form = viewer(), RecoverForm()
    if not form.validate_on_submit():
        return _recover_page(422, form)
    limits.spend(limits.RECOVERY, str(actor.id))
    if prove(actor, form, form.passphrase) is None:
        return _recover_page(422, form)
    try:
        used = vaults.open_with_code(actor, form.code.data)
        limits.forgive(limits.RECOVERY, str(actor.id))
        doubt = witnessing.doubt(actor.id, used.keys)
        if doubt is not None and not form.accept.data:
            witnessing.hold(doubt)
            return _recover_page(422, form)
        changed = sign_ins.change(Opened(actor.id, used.keys), form.passphrase.data, settings())
        transactions.in_one(lambda: _keep_recovery(actor, used, changed, doubt))
    except (Invalid, Conflict) as error:
        _refuse_code(actor, form, error)
        return _recover_page(422, form)
    unlocking.lock_everywhere(actor.id)
    flash(_("Your notes are open again. That code is spent, so please make a new one now."))
    target = url_for("vault.recovery_code")
    return _let_in(actor, used.keys, target, accepted=doubt is not None)


def _keep_recovery(actor: Actor, used: ByCode, changed: Changed, doubt: Doubt | None) -> None:
    assert changed.slot is not None
    vaults.keep_recovery(actor, clock.now(), used, changed.credential, changed.slot)
    if doubt is not None:
        unlocks.accept_older(actor, clock.now())
    unlocking.settle(actor, used.keys)


def _recover_page(status: int, form: RecoverForm) -> Response:
    return _door("vault/recover.html", status, form)


# -- beginning again -----------------------------------------------------------------------


@bp.get("/vault/begin-again")
@signed_in
def begin_again_form() -> Response:
    return show_page("vault/begin_again.html", 200, form=BeginAgainForm())


@bp.post("/vault/begin-again")
@signed_in
@transactions.by_hand
@limits.in_turn
def begin_again() -> Response:
    """A new, empty vault for somebody whose notes nothing opens any more."""
    actor, form = viewer(), BeginAgainForm()
    if prove(actor, form, form.passphrase) is None:
        return show_page("vault/begin_again.html", 422, form=form)
    made = sign_ins.prepare(actor.id, form.passphrase.data, settings())

    def keep() -> None:
        vaults.begin_again(actor, clock.now())
        sign_ins.keep(made, clock.now())

    transactions.in_one(keep)
    unlocking.lock_everywhere(actor.id)
    flash(_("You have a new, empty vault. Please make its recovery code now."))
    return _let_in(actor, made.new_vault.keys, url_for("vault.recovery_code"))
