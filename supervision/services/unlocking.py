"""What each unlock counts in and tells: what was put back, and former ways that were tried."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from supervision.domain import vault
from supervision.domain.vault import Keys
from supervision.errors import N_, Conflict
from supervision.models.mail import MailKind
from supervision.permissions import Actor
from supervision.services import heads, mail, sharing
from supervision.services.audit import Act, record

REFUSED_ONCE = N_(
    "A former way into your notes was put back in the database and tried. They stayed closed. Tell "
    "your organiser, and replace your key: Profile, Recovery code."
)
PUT_BACK = N_(
    "Something that you share is not as you left it, as though an earlier state was put back. What "
    "you had taken back is taken back again. Look at what you share, and tell your organiser."
)

ACCEPTED = N_(
    "You went on with your notes as they are stored here. From now on this browser takes them for "
    "the latest."
)


@dataclass(frozen=True)
class Settled:
    """What an unlock found. `refused_at`: when a former way in was tried. `put_back`: something
    that is shared is not as its owner left it."""

    refused_at: datetime | None = None
    put_back: bool = False


def accept_older(actor: Actor, at: datetime) -> None:
    """Leave a line: the owner was told that their vault is older than a browser remembers."""
    record(Act.VAULT_ACCEPT_OLDER, at, actor.id, actor.id)


def settle(
    actor: Actor, at: datetime, keys: Keys, pepper: bytes, taken_here: Collection[UUID] = ()
) -> Settled:
    """At each unlock: bind what the head has never bound, count in what was done while locked,
    and say what was put back. `taken_here` is what this browser remembers as taken back.
    """
    row = heads.lock_vault(actor.id)
    refused_at, row.refused_at = row.refused_at, None
    try:
        if heads.open_head(row, keys).bound is None:
            heads.rebind(row, keys, heads.ways_now(actor.id))
            sharing.adopt(actor, row, keys, pepper)
        put_back = sharing.settle(actor, at, row, keys, pepper, taken_here)
    except (vault.Damaged, Conflict):
        put_back = False  # head or pairs do not open: the list of notes and the shares say so
    return Settled(refused_at, put_back)


def refuse_former_way(person_id: UUID, at: datetime) -> None:
    """A former way in was tried: a line, a mail to its owner, and a word at their next unlock."""
    row = heads.lock_vault(person_id)
    row.refused_at = at
    record(Act.VAULT_FORMER_WAY, at, person_id, person_id)
    for owner in mail.readers([person_id]):
        mail.tell(
            owner,
            f"former-way:{uuid4()}",
            N_("A former way into your notes was put back"),
            N_(
                "Somebody tried a former passphrase or recovery code of yours, and it had been put "
                "back in the database. Your notes stayed closed.\n\nTell your organiser at once. "
                "When you next open your notes, replace their key (Profile, Recovery code).\n"
            ),
            at,
            kind=MailKind.ACCOUNT,
        )
