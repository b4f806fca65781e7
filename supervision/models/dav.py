"""The calendars of accounts: what each holds, and what changed in it since when."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model


class Collection(Model):
    """One calendar of an account, good for one version of its person's feeds and one local day.

    `name` is `all`, or the roster's id. `ledger` is a `Ledger`'s text, `body` and `keys` are as
    the events were built. `given` is the state that the account's programs were given last.
    """

    __tablename__ = "dav_collection"

    subscription_id: Mapped[UUID] = mapped_column(
        ForeignKey("feed_subscription.id"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int]
    day: Mapped[date]
    ledger: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes]
    keys: Mapped[str] = mapped_column(Text)
    given: Mapped[str] = mapped_column(String(32), default="", server_default="")
