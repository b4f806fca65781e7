"""A session as a file, to be opened by a calendar program."""

from uuid import UUID

from flask import Response

from supervision import clock
from supervision.blueprints.sessions.parts import bp
from supervision.services import sessions
from supervision.web.auth import signed_in, viewer
from supervision.web.settings import settings


@bp.get("/sessions/<uuid:session_id>.ics")
@signed_in
def file(session_id: UUID) -> Response:
    # As in the feeds: the same event says the same, whichever way it comes.
    base_url = settings().base_url.rstrip("/")
    body = sessions.session_file(viewer(), clock.now(), session_id, base_url)
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = "attachment; filename=session.ics"
    return response
