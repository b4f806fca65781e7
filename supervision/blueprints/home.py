"""Home: what is next, what waits, and the reflection after a session that just ended."""

from datetime import timedelta

from flask import Blueprint, abort, render_template

from supervision import clock
from supervision.services import mail, people, rosters, sessions
from supervision.web.auth import anyone, signed_in, viewer
from supervision.web.filters import local_date
from supervision.web.settings import settings

bp = Blueprint("home", __name__)
AHEAD = timedelta(weeks=4)
SHOWN = 6
JUST_ENDED = timedelta(hours=12)


@bp.get("/")
@signed_in
def index() -> str:
    actor, at = viewer(), clock.now()
    rows = sessions.sessions_between(actor, at - JUST_ENDED, at + AHEAD)
    planned = [row for row in rows if row.state == "planned"]
    mine = rosters.rosters_of(actor, at)
    return render_template(
        "home/index.html",
        today=local_date(at),
        coming=[row for row in planned if row.ends_at > at][:SHOWN],
        ended=next((row for row in reversed(planned) if row.ends_at <= at), None),
        waiting=[row for row in mine if row.member_state == "invited" and row.state == "active"],
        has_rosters=bool(mine),
    )


@bp.get("/dev/mail")
@anyone("the demo community alone has it; elsewhere it does not exist")
def dev_mail() -> str:
    if not people.is_demo():
        abort(404)
    return render_template("home/dev_mail.html", mails=mail.delivered(settings().instance / "mail"))
