"""What is to become of the times of a series at which somebody is busy: a line for each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import lazy_gettext as lazy
from wtforms import HiddenField, RadioField
from wtforms.validators import Optional

from supervision.domain.recurrence import MOST_TIMES
from supervision.services.claims import Clash
from supervision.services.series import Choice
from supervision.web import typed
from supervision.web.fields import ClockField, LinesField
from supervision.web.forms import REQUIRED, Form, choices

SKIP, SHIFT = "skip", "shift"


class ClashRow(Form):
    """One time of a series, by its local key."""

    key = HiddenField()
    what = RadioField(
        lazy("What to do"),
        choices=choices([(SKIP, lazy("Leave it out")), (SHIFT, lazy("At another time that day"))]),
        validate_choice=False,
    )
    at = ClockField(lazy("New time"), [Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if self.what.data == SHIFT and self.at.data is None and not self.at.errors:
            self.at.errors = [str(REQUIRED)]
            return False
        return fine

    @property
    def due(self) -> datetime | None:
        """The local time that the key names; None for what is no key."""
        try:
            return typed.local_time(self.key.data)
        except (TypeError, ValueError):
            return None

    def choice(self) -> Choice | None:
        """What was chosen; a time that was typed is a choice as well."""
        if self.what.data == SKIP or (not self.what.data and request.form.get("rest") == SKIP):
            return Choice()
        return Choice(self.at.data) if self.at.data is not None else None


class ClashForm(Form):
    """A form that lists clashes once there are some; `busy` says who is, by key."""

    clashes = LinesField(ClashRow, MOST_TIMES)
    busy: Mapping[str, Sequence[Clash]] = {}

    def chosen(self) -> dict[str, Choice]:
        """What was chosen, by key. Only for a form that validates."""
        rows = [row.form for row in self.clashes]
        return {row.key.data: choice for row in rows if (choice := row.choice())}

    def list_clashes(self, by_key: Mapping[str, Sequence[Clash]]) -> None:
        """Show a line for each of these; what was chosen already for others of the series stays."""
        clocks = {_clock(key) for key in by_key}
        rows = [row.data for row in self.clashes]
        kept = {row["key"]: row for row in rows if _clock(row["key"]) in clocks}
        while self.clashes.entries:
            self.clashes.pop_entry()
        for key in sorted({*kept, *by_key}):
            self.clashes.append_entry(kept.get(key, {"key": key}))
        self.busy = by_key


def _clock(key: str | None) -> str:
    """The time of day in a local key: another one belongs to a series as it was wanted before."""
    return (key or "")[10:]
