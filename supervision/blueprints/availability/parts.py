"""What the views of availability share: the blueprint, and the one page with all its forms."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import StringField

from supervision import clock
from supervision.blueprints.availability.forms import AvailabilityForm, filled
from supervision.blueprints.availability.words import by_day, calendar_words
from supervision.services import availability, outside
from supervision.services.availability import Why
from supervision.services.outside import LABEL_LENGTH, Elsewhere
from supervision.web.auth import viewer
from supervision.web.forms import Form, required, trimmed
from supervision.web.fragments import page
from supervision.web.settings import settings

bp = Blueprint("availability", __name__)
PREVIEW_DAYS = 14
DAY = timedelta(days=1)


class LabelForm(Form):
    """What a calendar is called here."""

    label = StringField(lazy("Name"), required(LABEL_LENGTH), filters=[trimmed])


class AddForm(LabelForm):
    """A calendar elsewhere, by its address."""

    address = StringField(
        lazy("Secret address"),
        required(2000),
        filters=[trimmed],
        description=lazy("It begins with https:// or webcal:// and usually ends with .ics."),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(prefix="calendar-", **values)


def rename_form(calendar_id: UUID, **values: Any) -> LabelForm:
    """One of several on the page, so its fields bear the calendar's id."""
    return LabelForm(prefix=f"rename-{calendar_id}-", **values)


def saved_form() -> AvailabilityForm:
    """What is kept, and an empty line in each list that would be empty otherwise."""
    actor = viewer()
    whole = availability.whole_of(actor, clock.today(actor.zone))
    form = AvailabilityForm(formdata=None, data=filled(whole))
    for name in ("week", "offers"):
        if not form[name].entries:
            form.change(f"add-{name}")
    return form


def whole_page(
    status: int,
    form: AvailabilityForm | None = None,
    changed: str = "",
    add: AddForm | None = None,
    renames: Mapping[UUID, LabelForm] | None = None,
) -> Response:
    """Everything about somebody's availability; forms that are not given are as they are kept."""
    found = elsewhere()
    return page(
        "availability/index.html",
        status,
        form=form or saved_form(),
        changed=changed,
        add=add or AddForm(formdata=None),
        **shown(found),
        renames=rename_forms(found) | dict(renames or {}),
        **fortnight(found),
    )


def elsewhere() -> Elsewhere:
    """The viewer's calendars."""
    return outside.elsewhere(viewer(), clock.now(), settings().pepper.encode())


def shown(found: Elsewhere) -> dict[str, Any]:
    """What the list of calendars needs."""
    return {"elsewhere": found, "say": calendar_words, "most_calendars": outside.MOST}


def rename_forms(found: Elsewhere) -> dict[UUID, LabelForm]:
    return {
        one.id: rename_form(one.id, formdata=None, data={"label": one.label})
        for one in found.calendars
    }


def fortnight(found: Elsewhere) -> dict[str, Any]:
    """The coming fortnight: what can be booked of the first kind of session, and what cannot."""
    return {"preview": _preview(), "busy": by_day(found.busy)}


def _preview() -> Why | None:
    """As it is saved; None without a kind of session."""
    actor = viewer()
    kinds = availability.session_types_of(actor.id)
    if not kinds:
        return None
    today = clock.today(actor.zone)
    last = today + DAY * (PREVIEW_DAYS - 1)
    return availability.explain(actor, clock.now(), kinds[0].id, today, last)
