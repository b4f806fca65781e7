"""What others share with somebody: the list, reading one, writing back."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sharing.forms import CommentForm
from supervision.blueprints.sharing.parts import (
    bp,
    id_of,
    new_key,
    shown,
    to_unlock,
    wanted_page,
)
from supervision.services import sharing
from supervision.web import forms, transactions, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page
from supervision.web.settings import base_url, pepper


@bp.get("/shared")
@signed_in
def shared_with_me() -> Response:
    wanted = wanted_page()
    lines, more = sharing.shared_with(viewer(), wanted)
    return page("sharing/shared.html", lines=lines, page=wanted, more=more)


@bp.get("/shared/<uuid:share_id>")
@signed_in
def read(share_id: UUID) -> Response:
    sharing.seen_share(viewer(), share_id)
    keys = unlocking.opened()
    if keys is None:
        return to_unlock()
    form = CommentForm(formdata=None)
    form.key.data = new_key(viewer())
    found = transactions.in_one(  # nothing is shown whose line for the owner was not kept
        lambda: sharing.open_share(viewer(), clock.now(), keys, pepper(), share_id)
    )
    return page(
        "sharing/read.html",
        share=found,
        blocks=shown(found.passage) if found.passage else [],
        comments=sharing.own_comments(viewer(), keys, share_id),
        form=form,
    )


@bp.post("/shared/<uuid:share_id>/comments")
@signed_in
def comment(share_id: UUID) -> Response:
    sharing.seen_share(viewer(), share_id)
    actor, at, keys, form = viewer(), clock.now(), unlocking.keys(), CommentForm()

    def add() -> bool:
        key = id_of(actor, form.key.data)
        sharing.add_comment(actor, at, keys, share_id, key, form.text.data, base_url())
        return True

    if forms.attempt(form, add) is None:
        # Without the passage: a refused form is rolled back, and with it the line for the owner.
        return page("sharing/comment.html", 422, share_id=share_id, form=form)
    flash(_("Sent. Only the writer of the passage can read it."))
    return redirect(url_for("sharing.read", share_id=share_id), 303)
