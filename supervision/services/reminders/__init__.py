"""Mails that come by the clock: reminders of sessions, and the daily agenda."""

from supervision.services.reminders.agenda import has_agendas, send_agendas
from supervision.services.reminders.coming import EVERY, is_due, remind

__all__ = ["EVERY", "has_agendas", "is_due", "remind", "send_agendas"]
