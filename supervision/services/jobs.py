"""What the worker does again and again. Each job is idempotent and has a transaction of its own."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from supervision.config import Settings
from supervision.db import db, writing
from supervision.models.audit import Replay
from supervision.services import (
    booking,
    claims,
    mail,
    notes,
    polls,
    rosters,
    series,
    sessions,
    signup,
)

REPLAYS_LAST = timedelta(days=2)


def run_due(at: datetime, settings: Settings) -> int:
    """Write and send waiting mails, purge what was deleted, let offers lapse, warn of ends.

    Returns how many mails left.
    """
    if notes.has_deleted(at):
        with writing():
            notes.purge_deleted(at)
    rosters.lapse_offers(at, settings.base_url.rstrip("/"))
    signup.lapse_offers(at, settings.base_url.rstrip("/"))
    if claims.has_lapsed(at):
        with writing():
            claims.release_lapsed(at)
    booking.lapse_requests(at, settings.base_url.rstrip("/"))
    polls.tend_due(at, settings.base_url.rstrip("/"))
    series.warn_due(at, settings.base_url.rstrip("/"))
    sessions.announce_due(at)
    send = mail.sender_for(settings.smtp_url, settings.instance / "mail")
    return mail.send_due(at, settings.mail_from, send)


def run_daily(at: datetime) -> None:
    """Roll open series on, follow changed clocks, forget what nobody needs any more."""
    series.roll_series(at)
    sessions.follow_clocks(at)
    with writing():
        db.session.execute(delete(Replay).where(Replay.created_at < at - REPLAYS_LAST))
        sessions.forget_announcements(at)
