"""What an account's calendars hold: as its feeds would show it, with a ledger of what changed.

One calendar holds all of the person's sessions, and each of their rosters has its own, with what
they could still sign up for.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from supervision.db import db, run, table, writing
from supervision.domain.dav import Ledger
from supervision.models.dav import Collection
from supervision.models.feeds import FeedSubscription, Scope
from supervision.services.dav.accounts import Account
from supervision.services.dav.titles import ALL, titles
from supervision.services.feeds.building import RosterLeftError, build
from supervision.services.feeds.fragments import NOTHING, Built
from supervision.services.feeds.rows import Wanted

_TIMES = re.compile(rb"\r\nDTSTART:(\d{8}T\d{6})Z\r\nDTEND:(\d{8}T\d{6})Z\r\n")
log = get_logger()


@dataclass(frozen=True)
class Calendar:
    """One calendar of an account, as it is for one version of the person's feeds and one day.

    `given`: its state when a program last got it. `built` is empty where no events were read.
    """

    name: str
    version: int
    day: date
    ledger: Ledger
    given: str = ""
    built: Built = NOTHING
    title: str = ""

    @cached_property
    def events(self) -> dict[str, bytes]:
        """The VEVENT of each session that it holds, by the text of its id."""
        return {_id(key): event for key, event in self.built.events().items()}

    def span(self, key: str) -> tuple[datetime, datetime]:
        """When an event is: [start, end)."""
        found = _TIMES.search(self.events[key])
        if found is None:
            raise ValueError("an event without times")
        start, end = (
            datetime.fromisoformat(text.decode()).replace(tzinfo=UTC) for text in found.groups()
        )
        return start, end

    def after(self, before: "Calendar | None") -> "Calendar":
        """What stands once this was built: its ledger goes on from the one before, if that is
        no newer."""
        etags = {key: _etag(event) for key, event in self.events.items()}
        if before is None:
            return replace(self, ledger=Ledger().after(etags))
        if (before.version, before.day) >= (self.version, self.day):
            return before
        return replace(self, ledger=before.ledger.after(etags), given=before.given)


def _id(key: str) -> str:
    """The id in an event's key, which is as either database writes it; quicker than by UUID."""
    text = key.partition(" ")[0].replace("-", "")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _etag(event: bytes) -> str:
    return hashlib.blake2b(event, digest_size=8).hexdigest()


def calendars(account: Account, at: datetime, base_url: str) -> list[Calendar]:
    """All calendars of an account, without their events. `base_url` begins addresses of pages.

    Begins and commits transactions of its own. Two statements while nothing has changed.
    """
    names = titles(account)
    return list(_found(account, names, names, at, base_url, whole=False).values())


def calendar(
    account: Account, name: str, at: datetime, base_url: str, whole: bool = False
) -> Calendar | None:
    """One of them, its events where the `whole` is wanted; None where there is none."""
    names = titles(account)
    if name not in names:
        return None
    return _found(account, names, [name], at, base_url, whole).get(name)


# -- reading, and building what is out of date -----------------------------------------------------

_C = table(Collection).c
_THESE = (_C.subscription_id == bindparam("id"), _C.name.in_(bindparam("names", expanding=True)))
_HEADS = select(_C.name, _C.version, _C.day, _C.ledger, _C.given).where(*_THESE)
_WHOLE = _HEADS.add_columns(_C.body, _C["keys"])


def _stored(account: Account, names: Iterable[str], whole: bool) -> dict[str, Calendar]:
    asked = {"id": account.id, "names": list(names)}
    found = {}
    for row in run(_WHOLE if whole else _HEADS, asked):
        name, version, day, ledger, given, *rest = tuple(row)
        built = Built.stored(*rest) if rest else NOTHING
        found[name] = Calendar(name, version, day, Ledger.stored(ledger), given, built)
    return found


def _found(
    account: Account,
    names: Mapping[str, str],
    wanted: Iterable[str],
    at: datetime,
    base_url: str,
    whole: bool,
) -> dict[str, Calendar]:
    """The wanted calendars by name, in their order; one that cannot be built stays as it was."""
    day = at.astimezone(ZoneInfo(account.zone)).date()
    found = _stored(account, wanted, whole)
    due = [
        name
        for name in wanted
        if name not in found or (found[name].version, found[name].day) < (account.version, day)
    ]
    if due:
        found |= _renewed(account, names, due, day, base_url)
    return {name: replace(found[name], title=names[name]) for name in wanted if name in found}


def _renewed(
    account: Account, names: Mapping[str, str], due: Iterable[str], day: date, base_url: str
) -> dict[str, Calendar]:
    before = _stored(account, due, whole=True)
    made: dict[str, Calendar] = {}
    for name in due:
        old = before.get(name)
        try:
            built = build(_wanted(account, name, day, base_url), old.built if old else NOTHING)
        except RosterLeftError:
            continue  # left since the names were read: the next request finds it gone
        except Exception as error:
            if old is None:
                raise
            db.session.rollback()
            log.error("calendar kept", error=type(error).__name__, subscription=str(account.id))
            continue
        made[name] = Calendar(name, account.version, day, Ledger(), built=built)
    return _published(account, names, before, made)


def _wanted(account: Account, name: str, day: date, base_url: str) -> Wanted:
    return Wanted(
        person_id=account.person_id,
        scope=Scope.PERSON if name == ALL else Scope.ROSTER,
        roster_id=None if name == ALL else UUID(name),
        privacy=account.privacy,
        day=day,
        zone=account.zone,
        language=account.language,
        base_url=base_url,
    )


# -- keeping what was built ------------------------------------------------------------------------

_HELD = select(FeedSubscription.id).where(FeedSubscription.id == bindparam("id")).with_for_update()
_KEEP = insert(table(Collection))
_REPLACE = update(table(Collection)).where(
    _C.subscription_id == bindparam("id"), _C.name == bindparam("which")
)
_FORGET = delete(table(Collection)).where(
    _C.subscription_id == bindparam("id"), _C.name.not_in(bindparam("names", expanding=True))
)


def _published(
    account: Account,
    names: Mapping[str, str],
    before: Mapping[str, Calendar],
    made: Mapping[str, Calendar],
) -> dict[str, Calendar]:
    """Store what was built, unless something newer is there, and forget rosters that were left.

    What cannot be stored is true all the same: its token will only be unknown the next time.
    """
    try:
        with writing():
            run(_HELD, {"id": account.id})
            now = _stored(account, made, whole=True)
            found = {name: one.after(now.get(name)) for name, one in made.items()}
            for name, one in found.items():
                if one is not now.get(name):
                    _store(account, one, name in now)
            run(_FORGET, {"id": account.id, "names": list(names)})
    except SQLAlchemyError as error:
        log.warning("calendar not stored", error=type(error).__name__)
        found = {name: one.after(before.get(name)) for name, one in made.items()}
    return found


def _store(account: Account, one: Calendar, known: bool) -> None:
    values = {
        "version": one.version,
        "day": one.day,
        "ledger": one.ledger.text(),
        "body": one.built.body,
        "keys": one.built.keys_text,
    }
    if known:
        run(_REPLACE.values(values), {"id": account.id, "which": one.name})
    else:
        run(_KEEP, values | {"subscription_id": account.id, "name": one.name})
