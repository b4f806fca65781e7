"""Mails that come by the clock: reminders, the daily agenda, and again what calendars missed."""

from supervision.services.reminders.agenda import has_agendas, send_agendas
from supervision.services.reminders.coming import EVERY, is_due, remind
from supervision.services.reminders.unreached import is_again_due, mail_again

__all__ = ["EVERY", "has_agendas", "is_again_due", "is_due", "mail_again", "remind", "send_agendas"]
