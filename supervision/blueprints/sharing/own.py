"""What one shares: the list, who has opened what, comments, taking back."""

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sharing.parts import bp, shown, to_unlock, wanted_page
from supervision.errors import NotFound
from supervision.services import sharing
from supervision.web import unlocking, witnessing
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page
from supervision.web.settings import pepper


@bp.get("/sharing")
@signed_in
def index() -> Response:
    wanted = wanted_page()
    lines, more = sharing.own_shares(viewer(), wanted, unlocking.opened())
    return page("sharing/index.html", lines=lines, page=wanted, more=more)


@bp.get("/sharing/<uuid:share_id>")
@signed_in
def own(share_id: UUID) -> Response:
    sharing.seen_own(viewer(), share_id)
    keys = unlocking.opened()
    if keys is None:
        return to_unlock()
    found = sharing.own_share(viewer(), keys, pepper(), share_id)
    blocks = shown(found.passage) if found.passage else []
    return page("sharing/own.html", share=found, blocks=blocks)


@bp.post("/sharing/<uuid:share_id>/revoke")
@signed_in
def revoke(share_id: UUID) -> Response:
    """Take it back from one reader, or from everybody, for which no unlocked vault is needed."""
    actor, at = viewer(), clock.now()
    sharing.seen_own(actor, share_id)
    if "reader" not in request.form:
        sharing.revoke(actor, at, pepper(), share_id, unlocking.opened())
    else:
        reader_id = _reader(request.form["reader"])
        sharing.revoke_from(actor, at, unlocking.keys(), pepper(), share_id, reader_id)
    flash(_("It is taken back. What was read cannot be unread."))
    response: Response = redirect(url_for("sharing.own", share_id=share_id), 303)
    if unlocking.opened() is None:
        witnessing.remember_taken(response, actor.id, share_id)
    return response


def _reader(text: str) -> UUID:
    """Whom the form names. Raises NotFound for what is no id: it must not mean everybody."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


@bp.post("/sharing/<uuid:share_id>/again")
@signed_in
def again(share_id: UUID) -> Response:
    """Give it to readers whose new keys were compared since."""
    sharing.seen_own(viewer(), share_id)
    sharing.give_again(viewer(), clock.now(), unlocking.keys(), share_id)
    flash(_("It is sealed anew for everybody whose words you have compared."))
    return redirect(url_for("sharing.own", share_id=share_id), 303)
