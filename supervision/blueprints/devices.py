"""Where one is signed in, and closing what was left open elsewhere."""

from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.domain.devices import Device
from supervision.services import devices
from supervision.web import transactions, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page

bp = Blueprint("devices", __name__)


@bp.get("/devices")
@signed_in
def index() -> Response:
    actor = viewer()
    found = devices.signed_in(actor, clock.now())
    unlocked = unlocking.open_in(actor.id)
    return page("devices/index.html", found=found, unlocked=unlocked, said=said)


def said(device: Device) -> str:
    """Firefox on Windows; what a browser does not tell is not guessed."""
    if device.browser and device.system:
        return str(_("%(browser)s on %(system)s", browser=device.browser, system=device.system))
    return device.browser or device.system or str(_("A browser that does not say what it is"))


@bp.post("/devices/<uuid:sign_in_id>/lock")
@signed_in
@transactions.by_hand
def lock(sign_in_id: UUID) -> Response:
    """By hand, so that an old page's button locks again instead of replaying its first answer."""
    transactions.in_one(lambda: devices.lock_there(viewer(), clock.now(), sign_in_id))
    unlocking.lock_there(sign_in_id)
    flash(_("Your notes are locked there."))
    return redirect(url_for("devices.index"), 303)


@bp.post("/devices/<uuid:sign_in_id>/sign-out")
@signed_in
@transactions.by_hand
def sign_out(sign_in_id: UUID) -> Response:
    transactions.in_one(lambda: devices.sign_out_there(viewer(), clock.now(), sign_in_id))
    unlocking.lock_there(sign_in_id)
    flash(_("That device is signed out. It takes your passphrase to come in again."))
    return redirect(url_for("devices.index"), 303)
