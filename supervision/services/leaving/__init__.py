"""Leaving for good: an account is closed, can be had back for a week, and is then forgotten.

What others need stays: sessions that were held, attendance, and the name beside them.
"""

from supervision.services.leaving.closing import (
    KEPT,
    InTheWay,
    close_account,
    come_back,
    in_the_way,
)
from supervision.services.leaving.forgetting import finish_due, has_due

__all__ = [
    "KEPT",
    "InTheWay",
    "close_account",
    "come_back",
    "finish_due",
    "has_due",
    "in_the_way",
]
