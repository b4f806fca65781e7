"""One's own figures: drawn from open notes while one looks, and kept nowhere."""

from flask import Blueprint, redirect, url_for
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response

from supervision import clock
from supervision.domain.figures import SYSTEMS, line
from supervision.services import figures
from supervision.web import unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page

bp = Blueprint("figures", __name__)
WHOSE = {"me": lazy("Me"), "client": lazy("The client"), "room": lazy("The room")}
NAMES = {"threat": lazy("Threat"), "drive": lazy("Drive"), "soothing": lazy("Soothing")}


@bp.get("/figures")
@signed_in
def index() -> Response:
    keys = unlocking.opened()
    if keys is None:
        return redirect(url_for("vault.unlock", next=url_for("figures.index")))
    found = figures.figures_of(viewer(), clock.now(), keys)
    lines = {
        whose: {system: line(points, system, found.since, found.until) for system in SYSTEMS}
        for whose, points in found.systems.items()
    }
    return page("figures/index.html", found=found, lines=lines, whose=WHOSE, names=NAMES)
