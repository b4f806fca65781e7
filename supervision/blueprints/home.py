"""Home: what is next, what waits, and the reflection after a session that just ended."""

from datetime import timedelta

from flask import Blueprint, abort, render_template, request

from supervision import clock
from supervision.services import booking, home, mail, meetings, notes, people, rosters
from supervision.web import editing, unlocking
from supervision.web.auth import anyone, signed_in, viewer
from supervision.web.filters import local_date
from supervision.web.hosts import asks_from_here
from supervision.web.settings import settings

bp = Blueprint("home", __name__)
AHEAD = timedelta(weeks=4)
SHOWN = 6
AGENDA = 8
JUST_ENDED = timedelta(hours=12)


@bp.get("/")
@signed_in
def index() -> str:
    actor, at = viewer(), clock.now()
    coming = home.coming(actor, at, at + AHEAD, SHOWN)
    ended = home.just_ended(actor, at - JUST_ENDED, at)
    waits, keys = home.waits(actor, at), unlocking.opened()
    catch = editing.fresh() if ended else None
    return render_template(
        "home/index.html",
        today=local_date(at),
        coming=coming,
        ended=ended,
        waiting=waits.invitations,
        invited_by=rosters.who_invited(actor) if waits.invitations else {},
        offers=waits.offers,
        endings=waits.endings,
        attendance=waits.attendance,
        more_attendance=waits.more_attendance,
        asked=booking.requests_for(actor, at),
        turns_asked=meetings.questions_for(actor, at),
        polls_asked=waits.polls,
        agenda=notes.agenda(actor, keys)[:AGENDA] if keys else [],
        closed=unlocking.is_closed(),
        catch=catch,
        editing=editing.sign(actor, catch) if catch else "",
        has_rosters=bool(coming) or home.has_rosters(actor),
    )


@bp.get("/dev/mail")
@anyone("the demo community alone has it; elsewhere it does not exist")
def dev_mail() -> str:
    if not people.is_demo() or not asks_from_here(request):
        abort(404)
    return render_template("home/dev_mail.html", mails=mail.delivered(settings().instance / "mail"))
