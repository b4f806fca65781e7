"""Whether somebody comes: by the link in a mail, without signing in, or on the session's page."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.services import mail, replies
from supervision.web.auth import anyone, signed_in, viewer
from supervision.web.fragments import page
from supervision.web.settings import settings

bp = Blueprint("replies", __name__)


@bp.get("/answer/<token>")
@anyone("the token is the permission")
def ask(token: str) -> Response:
    """Ask first: programs that look at links before a person does must change nothing."""
    question = replies.open_question(settings().secret_key, clock.now(), token)
    if question.used:
        return page("replies/answered.html", 200, asked=question.meeting)
    chosen = request.args.get("answer")
    return page(
        "replies/ask.html", 200, asked=question.meeting, chosen=chosen, answers=mail.ANSWERS
    )


@bp.post("/answer/<token>")
@anyone("the token is the permission")
def answer(token: str) -> Response:
    """Once: from then on the link shows what was answered."""
    said = request.form.get("answer", "")
    replies.answer_by_link(settings().secret_key, clock.now(), token, said)
    return redirect(url_for("replies.ask", token=token), 303)


@bp.post("/sessions/<uuid:session_id>/reply")
@signed_in
def reply(session_id: UUID) -> Response:
    replies.answer(viewer(), clock.now(), session_id, request.form.get("answer", ""))
    flash(_("Your answer is saved."))
    return redirect(url_for("sessions.show", session_id=session_id), 303)
