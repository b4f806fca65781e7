"""Calendar feeds: secret, revocable addresses that calendar clients read.

`bump` marks feeds as out of date, `read_feed` answers a client, the rest is what a person does
with their subscriptions.
"""

from supervision.services.feeds.alone import lone_event
from supervision.services.feeds.changes import bump
from supervision.services.feeds.exposure import put_away
from supervision.services.feeds.glance import Asked, Glance
from supervision.services.feeds.reading import Feed, Held, read_feed
from supervision.services.feeds.receipts import (
    SHOWING,
    Given,
    Reach,
    Receipt,
    receipt,
    receipts_of,
    share_receipts,
    shares_receipts,
)
from supervision.services.feeds.rows import Meeting, Place, Wanted, meetings
from supervision.services.feeds.subscriptions import (
    RosterChoice,
    SubscriptionRow,
    add_for,
    free_label,
    make_subscription,
    rename,
    reset,
    roster_choices,
    subscription_row,
    subscriptions_of,
    turn_off,
)

__all__ = [
    "SHOWING",
    "Asked",
    "Feed",
    "Given",
    "Glance",
    "Held",
    "Meeting",
    "Place",
    "Reach",
    "Receipt",
    "RosterChoice",
    "SubscriptionRow",
    "Wanted",
    "add_for",
    "bump",
    "free_label",
    "lone_event",
    "make_subscription",
    "meetings",
    "put_away",
    "read_feed",
    "receipt",
    "receipts_of",
    "rename",
    "reset",
    "roster_choices",
    "share_receipts",
    "shares_receipts",
    "subscription_row",
    "subscriptions_of",
    "turn_off",
]
