"""Sharing: a passage, a reflection as it is, or one to follow, with people of one's own rosters.

Nothing is sealed to a key that its owner has not compared. What was shared stays readable until it
is taken back or its reflection is deleted. Who follows one gets what is saved only while reader and
writer are in a roster together.
"""

from supervision.services.sharing.comments import CommentRow, add_comment, own_comments
from supervision.services.sharing.contacts import (
    Choice,
    Circle,
    Compared,
    Contact,
    KeyState,
    choice_of,
    circles_of,
    compare,
    contact,
    forget_keys,
    keep_check,
    people_of,
    seen_contact,
)
from supervision.services.sharing.following import follow
from supervision.services.sharing.giving import (
    Gift,
    check_gift,
    give_again,
    revoke,
    revoke_all,
    revoke_from,
    share,
)
from supervision.services.sharing.ledgers import keep_ledger, ledger_of
from supervision.services.sharing.own import (
    OpeningRow,
    OwnLine,
    OwnShare,
    ReaderRow,
    own_share,
    own_shares,
    seen_own,
    shares_of_note,
)
from supervision.services.sharing.reading import (
    SharedLine,
    SharedPage,
    open_share,
    seen_share,
    shared_with,
)
from supervision.services.sharing.settling import adopt, settle
from supervision.services.sharing.turning import turn_keys

__all__ = [
    "Choice",
    "Circle",
    "CommentRow",
    "Compared",
    "Contact",
    "Gift",
    "KeyState",
    "OpeningRow",
    "OwnLine",
    "OwnShare",
    "ReaderRow",
    "SharedLine",
    "SharedPage",
    "add_comment",
    "adopt",
    "check_gift",
    "choice_of",
    "circles_of",
    "compare",
    "contact",
    "follow",
    "forget_keys",
    "give_again",
    "keep_check",
    "keep_ledger",
    "ledger_of",
    "open_share",
    "own_comments",
    "own_share",
    "own_shares",
    "people_of",
    "revoke",
    "revoke_all",
    "revoke_from",
    "seen_contact",
    "seen_own",
    "seen_share",
    "settle",
    "share",
    "shared_with",
    "shares_of_note",
    "turn_keys",
]
