"""Which calendars an account has, and what they are called."""

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import bindparam, func, select

from supervision.db import run
from supervision.domain import ical
from supervision.models.feeds import Privacy
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.services.dav.accounts import Account
from supervision.services.feeds.words import words_in

ALL = "all"

_ROSTERS = (
    select(Roster.id, Roster.title, Roster.kind)
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        Membership.person_id == bindparam("person_id"),
        Membership.state == MemberState.ACTIVE,
    )
    .order_by(func.lower(Roster.title), Roster.id)
)


def titles(account: Account) -> dict[str, str]:
    """By name, what each calendar is called: no more than its events may tell.

    Those of one kind, or without words, get a number.
    """
    words = words_in(account.language)
    with force_locale(account.language):
        found = {ALL: _("All my sessions")}
    seen: dict[str, int] = {}
    for row in run(_ROSTERS, {"person_id": account.person_id}):
        key, title, kind = tuple(row)
        told = {Privacy.FULL: ical.one_line(title), Privacy.PLAIN: words.kinds[kind]}
        found[str(key)] = _numbered(told.get(Privacy(account.privacy), words.calendar), seen)
    return found


def _numbered(title: str, seen: dict[str, int]) -> str:
    seen[title] = seen.get(title, 0) + 1
    return title if seen[title] == 1 else f"{title} {seen[title]}"
