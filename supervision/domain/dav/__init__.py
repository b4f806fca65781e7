"""WebDAV and CalDAV as bytes (RFC 4918, 4791, 6578), as far as calendars that are only read need.

`asking` takes requests apart, `answering` writes answers, `ledger` knows what changed since when.
"""

from supervision.domain.dav.answering import error, missing, multistatus, node, pieces, response
from supervision.domain.dav.asking import (
    MOST_BYTES,
    BadRequestError,
    Multiget,
    Query,
    Report,
    Sync,
    UnsupportedError,
    Wish,
    propfind,
    report,
)
from supervision.domain.dav.ledger import Changes, Ledger
from supervision.domain.dav.names import apple, cal, cs, dav

__all__ = [
    "MOST_BYTES",
    "BadRequestError",
    "Changes",
    "Ledger",
    "Multiget",
    "Query",
    "Report",
    "Sync",
    "UnsupportedError",
    "Wish",
    "apple",
    "cal",
    "cs",
    "dav",
    "error",
    "missing",
    "multistatus",
    "node",
    "pieces",
    "propfind",
    "report",
    "response",
]
