"""Which mails somebody gets, how they stop one kind by a click, and what has not left."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField

from supervision import clock
from supervision.domain.reminders import DAY, HOUR, LEADS, MOST, NOON
from supervision.models.mail import MailKind
from supervision.models.people import SessionsBy
from supervision.services import mail
from supervision.services.mail import Choices
from supervision.web import forms, typed
from supervision.web.auth import anyone, for_programs, organisers, signed_in, viewer
from supervision.web.filters import clock_time
from supervision.web.forms import Form
from supervision.web.fragments import page
from supervision.web.posting import mails_go
from supervision.web.settings import settings

bp = Blueprint("mail", __name__)
# Kinds that are wanted or not; the agenda is wanted by its hour.
TICKED = (
    MailKind.SESSIONS,
    MailKind.ROSTERS,
    MailKind.TURNS,
    MailKind.SHARING,
    MailKind.REMINDERS,
)
NONE = ""


class MailForm(Form):
    """A tick for each kind, up to three reminders, an hour for the agenda."""

    sessions = BooleanField()
    rosters = BooleanField()
    turns = BooleanField()
    sharing = BooleanField()
    reminders = BooleanField()
    reminder_1 = SelectField(lazy("First reminder"))
    reminder_2 = SelectField(lazy("Second reminder"))
    reminder_3 = SelectField(lazy("Third reminder"))
    agenda_hour = SelectField(lazy("Daily agenda"))
    sessions_by = SelectField(lazy("Sessions come into my calendar"))

    @classmethod
    def about(cls, chosen: Choices | None = None) -> "MailForm":
        """The form with its words, filled with what was chosen or with what was sent."""
        form = cls(formdata=None, data=_data(chosen)) if chosen else cls()
        for kind in TICKED:
            field, words = form[kind.value], mail.WORDS[kind]
            field.label.text, field.description = _(words.name), _(words.about)
        for field in form.reminder_fields():
            field.choices = forms.choices([(NONE, _("None")), *_leads()])
        form.sessions_by.choices = forms.choices(_ways())
        form.agenda_hour.choices = forms.choices([(NONE, _("None")), *_hours()])
        return form

    def reminder_fields(self) -> list[SelectField]:
        return [self[f"reminder_{number + 1}"] for number in range(MOST)]

    def choices(self) -> Choices:
        leads = {typed.number(field.data) for field in self.reminder_fields() if field.data}
        hour = self.agenda_hour.data
        return Choices(
            frozenset(kind for kind in TICKED if self[kind.value].data),
            tuple(sorted(leads, reverse=True)),
            typed.number(hour) if hour else None,
            SessionsBy(self.sessions_by.data or SessionsBy.FEED),
        )


def _data(chosen: Choices) -> dict[str, Any]:
    ticks: dict[str, Any] = {kind.value: kind in chosen.kinds for kind in TICKED}
    leads = {f"reminder_{place + 1}": str(lead) for place, lead in enumerate(chosen.reminders)}
    hour = NONE if chosen.agenda_hour is None else str(chosen.agenda_hour)
    return ticks | leads | {"agenda_hour": hour, "sessions_by": chosen.sessions_by}


def _ways() -> list[tuple[str, str]]:
    return [
        (SessionsBy.FEED, _("by a calendar that I subscribe to")),
        (SessionsBy.INVITATIONS, _("by invitations in mails")),
        (SessionsBy.BOTH, _("by both")),
    ]


def _leads() -> list[tuple[str, str]]:
    return [(str(lead), lead_words(lead)) for lead in LEADS]


def lead_words(lead: int) -> str:
    """1 day before; 30 minutes before."""
    if lead % DAY == 0:
        words = ngettext("%(num)d day before", "%(num)d days before", lead // DAY)
    elif lead % HOUR == 0:
        words = ngettext("%(num)d hour before", "%(num)d hours before", lead // HOUR)
    else:
        words = ngettext("%(num)d minute before", "%(num)d minutes before", lead)
    return str(words)


def _hours() -> list[tuple[str, str]]:
    shown = []
    for hour in range(24):
        time = clock_time(clock.now().replace(hour=hour, minute=0))
        words = _("%(time)s, for the same day") if hour < NOON else _("%(time)s, for the next day")
        shown.append((str(hour), words % {"time": time}))
    return shown


@bp.get("/profile/mail")
@signed_in
def choose() -> Response:
    return _choose_page(200, MailForm.about(mail.choices_of(viewer())))


@bp.post("/profile/mail")
@signed_in
def save() -> Response:
    form = MailForm.about()
    if forms.attempt(form, lambda: _save(form)) is None:
        return _choose_page(422, form)
    flash(_("Your choice of mails is saved."))
    return redirect(url_for("mail.choose"), 303)


def _save(form: MailForm) -> bool:
    mail.choose(viewer(), clock.now(), form.choices())
    return True


def _choose_page(status: int, form: MailForm) -> Response:
    account = mail.WORDS[MailKind.ACCOUNT]
    return page("mail/choose.html", status, form=form, account=account)


@bp.get("/mail/stop/<token>")
@anyone("the token is the permission")
def stop_form(token: str) -> Response:
    """Ask first: programs that look at links before a person does must change nothing."""
    found = mail.open_stop(settings().secret_key, token)
    return page("mail/stop.html", 200, stop=found, kind=_(mail.WORDS[found.kind].name))


@bp.post("/mail/stop/<token>")
@anyone("the token is the permission")
@for_programs
def stop(token: str) -> str:
    """By a person's click, or by their mail program's (RFC 8058 wants no redirect)."""
    found = mail.stop(settings().secret_key, clock.now(), token)
    return render_template("mail/stopped.html", stop=found, kind=_(mail.WORDS[found.kind].name))


@bp.get("/people/mail")
@organisers
def index() -> Response:
    rows = mail.not_sent(viewer())
    return page(
        "mail/index.html",
        200,
        failed=[row for row in rows if row.failed],
        waiting=[row for row in rows if not row.failed],
        standing=mail.standing(),
        mails=mails_go(),
        kind_name=lambda kind: _(mail.WORDS[MailKind(kind)].name),
        failure_words=failure_words,
    )


def failure_words(failure: str) -> str:
    """Why a mail has not left, for somebody who looks after people and not after machines."""
    name, _space, code = failure.partition(" ")
    texts = {
        "SMTPRecipientsRefused": _("The mail server does not take mail for this address"),
        "SMTPAuthenticationError": _("The mail server does not accept its password"),
        "died": _("The worker ended while it sent this"),
    }
    text = texts.get(name) or _("The mail server could not be reached, or did not take it")
    return f"{text} ({code or name})"


@bp.post("/people/mail/<uuid:mail_id>/again")
@organisers
def try_again(mail_id: UUID) -> Response:
    mail.try_again(viewer(), clock.now(), mail_id)
    flash(_("The mail is tried again now."))
    return redirect(url_for("mail.index"), 303)


@bp.post("/people/mail/<uuid:mail_id>/give-up")
@organisers
def give_up(mail_id: UUID) -> Response:
    mail.give_up(viewer(), clock.now(), mail_id)
    flash(_("The mail is given up; its text is gone."))
    return redirect(url_for("mail.index"), 303)
