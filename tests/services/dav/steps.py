"""What a program does with an account, without HTTP."""

from datetime import datetime
from uuid import UUID

from supervision.db import db
from supervision.models.feeds import Client, Privacy, Scope
from supervision.permissions import Actor
from supervision.services import dav, feeds
from supervision.services.dav import ALL, Account, Calendar
from tests.services.feeds.steps import AT, BASE


class Desk:
    """One account, looked at."""

    def __init__(self, who: Actor, privacy: str = Privacy.PLAIN) -> None:
        self.who = who
        made, self.password = feeds.make_subscription(
            who, AT, Scope.PERSON, None, "account", privacy, Client.ACCOUNT
        )
        self.id = made.id
        db.session.commit()

    def account(self) -> Account:
        found = dav.account_of(self.who.email, self.password)
        assert found
        return found

    def look(self, name: str | UUID = ALL, at: datetime = AT, whole: bool = True) -> Calendar:
        found = dav.calendar(self.account(), str(name), at, BASE, whole)
        db.session.rollback()
        assert found
        return found

    def titles(self, at: datetime = AT) -> dict[str, str]:
        found = dav.calendars(self.account(), at, BASE)
        db.session.rollback()
        return {one.name: one.title for one in found}
