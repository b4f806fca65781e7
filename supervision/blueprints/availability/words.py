"""Why a start cannot be had, as sentences to its owner."""

from flask_babel import gettext as _
from flask_babel import ngettext

from supervision.domain.slots import Refusal
from supervision.services.availability import Busy, Run, Why
from supervision.web.filters import local_range


def reason_words(run: Run, why: Why) -> str:
    """The reason of a run of starts, in full."""
    words: str
    match run.refusal:
        case None:
            words = _("can be booked")
        case Refusal.PAST:
            words = _("is over")
        case Refusal.TIME_OFF:
            words = _("time off: %(label)s", label=run.named) if run.named else _("time off")
        case Refusal.HOLIDAY:
            words = _("public holiday: %(name)s", name=run.named)
        case Refusal.OUTSIDE:
            words = _("%(minutes)s minutes would not fit your hours", minutes=why.kind.minutes)
        case Refusal.CLASH:
            words = _clash_words(run, why)
        case limit:
            words = _limit_words(limit, why)
    return words


def _limit_words(limit: Refusal, why: Why) -> str:
    """The limits that the owner set, with their numbers."""
    own = why.own
    words: str
    match limit:
        case Refusal.NOTICE:
            words = ngettext(
                "within your notice of %(num)d hour",
                "within your notice of %(num)d hours",
                own.notice_minutes // 60,
            )
        case Refusal.HORIZON:
            words = ngettext(
                "more than %(num)d day ahead", "more than %(num)d days ahead", own.horizon_days
            )
        case Refusal.DAY_FULL:
            words = ngettext(
                "full that day: your most is %(num)d session",
                "full that day: your most is %(num)d sessions",
                own.most_a_day or 0,
            )
        case _week:
            words = ngettext(
                "full that week: your most is %(num)d session",
                "full that week: your most is %(num)d sessions",
                own.most_a_week or 0,
            )
    return words


def _clash_words(run: Run, why: Why) -> str:
    taken = "; ".join(_busy_words(one) for one in run.busy)
    if why.own.before_minutes or why.own.after_minutes:
        return str(_("taken: %(what)s, and the minutes kept free", what=taken))
    return str(_("taken: %(what)s", what=taken))


def _busy_words(one: Busy) -> str:
    when = local_range(one.starts_at, one.ends_at)
    if one.title is None:
        return str(_("held for somebody who is booking, %(when)s", when=when))
    return f"{one.title}, {when}"
