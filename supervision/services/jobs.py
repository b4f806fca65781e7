"""What has to happen without anybody asking. Each job is idempotent, in transactions of its own.

`due` says at once whether there is something to do, `run` does it. Several workers may do both at
the same time: each thing is done by the one who gets hold of its row first.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from supervision.config import Settings
from supervision.db import db, writing
from supervision.models.audit import Replay
from supervision.services import (
    booking,
    claims,
    leaving,
    mail,
    notes,
    people,
    polls,
    reminders,
    rosters,
    rounds,
    series,
    sessions,
    signup,
)

REPLAYS_LAST = timedelta(days=2)
DAILY = "daily"
EVERY_SIX_HOURS = timedelta(hours=6)
# Whoever dies over the daily jobs is stepped in for after this long.
DAILY_LEASE = timedelta(minutes=30)
# The other jobs get a turn, however many mails wait.
SENDING_TURN = timedelta(seconds=10)


@dataclass(frozen=True)
class Shift:
    """What a job is run with: the clock, the settings, and whether it is to go on."""

    now: Callable[[], datetime]
    settings: Settings
    go_on: Callable[[], bool] = lambda: True

    @property
    def base_url(self) -> str:
        return self.settings.base_url.rstrip("/")


@dataclass(frozen=True)
class Job:
    """One kind of work; of two that are due the `urgent` one is done first."""

    name: str
    due: Callable[[datetime], bool]
    run: Callable[[Shift], object]
    urgent: bool = True


def _has_mail(at: datetime) -> bool:
    return sessions.has_announcements(at) or people.has_resets() or mail.is_due(at)


def send_mail(shift: Shift) -> int:
    """Write the mails about changes and resets, send what waits; returns how many mails left."""
    people.answer_resets(shift.now(), shift.base_url)
    sessions.announce_due(shift.now())
    settings, until = shift.settings, shift.now() + SENDING_TURN
    head = mail.Letterhead(
        settings.mail_from, shift.base_url, settings.secret_key, settings.inbound_mailbox
    )
    with closing(mail.sender_for(settings.smtp_url, settings.instance / "mail")) as send:
        return mail.send_due(shift.now, head, send, lambda: shift.go_on() and shift.now() < until)


def _has_lapsed(at: datetime) -> bool:
    return (
        notes.has_deleted(at)
        or rosters.has_lapsed_offers(at)
        or signup.has_lapsed_offers(at)
        or claims.has_lapsed(at)
        or booking.has_near_requests(at)
        or polls.has_due(at)
        or leaving.has_due(at)
    )


def lapse(shift: Shift) -> None:
    """Purge what was deleted; end offers, holds, requests, polls and closed accounts in time."""
    at = shift.now()
    if notes.has_deleted(at):
        with writing():
            notes.purge_deleted(at)
    rosters.lapse_offers(at, shift.base_url)
    signup.lapse_offers(at, shift.base_url)
    if claims.has_lapsed(at):
        with writing():
            claims.release_lapsed(at)
    booking.lapse_requests(at, shift.base_url)
    polls.tend_due(at, shift.base_url)
    leaving.finish_due(at)


def _has_reminders(at: datetime) -> bool:
    return (
        reminders.is_due(at)
        or reminders.is_again_due(at)
        or reminders.has_agendas(at)
        or series.has_endings(at)
    )


def remind(shift: Shift) -> None:
    """Queue reminders of sessions, what calendars missed, daily agendas, series that end soon."""
    reminders.remind(shift.now(), shift.base_url)
    reminders.mail_again(shift.now(), shift.base_url, shift.settings.mail_again_hours)
    reminders.send_agendas(shift.now(), shift.base_url)
    series.warn_due(shift.now(), shift.base_url)


def _is_daily_due(at: datetime) -> bool:
    return rounds.is_due(DAILY, at)


def daily(shift: Shift) -> None:
    """`run_daily`, by one worker every six hours."""
    at = shift.now()
    with writing():
        if rounds.take(DAILY, at, DAILY_LEASE) is None:
            return
    run_daily(at)
    with writing():
        rounds.put_off(DAILY, at + EVERY_SIX_HOURS)


JOBS = (
    Job("lapse", _has_lapsed, lapse),
    Job("remind", _has_reminders, remind),
    Job("mail", _has_mail, send_mail, urgent=False),
    Job(DAILY, _is_daily_due, daily, urgent=False),
)


def run_due(at: datetime, settings: Settings) -> int:
    """All that is due at an instant but the daily jobs, once; returns how many mails left."""
    shift = Shift(lambda: at, settings)
    lapse(shift)
    remind(shift)
    return send_mail(shift)


def run_daily(at: datetime) -> None:
    """Roll open series on, follow changed clocks, forget what nobody needs any more."""
    series.roll_series(at)
    sessions.follow_clocks(at)
    with writing():
        db.session.execute(delete(Replay).where(Replay.created_at < at - REPLAYS_LAST))
        sessions.forget_announcements(at)
        mail.forget_old(at)
