"""Who may do what: every predicate on one page.

An Actor is the person who asks, as one row read at the start of a request. Predicates about a
roster take the actor's own membership of it (None for a stranger).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard
from uuid import UUID

from supervision.models.people import Role
from supervision.models.rosters import LEADS, Kind, MemberRole, MemberState


@dataclass(frozen=True)
class Actor:
    """Somebody signed in. `zone` is an IANA name, `week_starts` 0 for Monday to 6.

    `used_at`: when this sign-in was last written down as used, None for who has no browser.
    """

    id: UUID
    email: str
    name: str
    role: str
    zone: str
    zone_confirmed: bool
    language: str
    clock: str
    week_starts: int
    sign_in_id: UUID
    vault_ready: bool = False
    used_at: datetime | None = field(default=None, compare=False)

    @property
    def is_organiser(self) -> bool:
        return self.role == Role.ORGANISER


@dataclass(frozen=True)
class Place:
    """The actor's membership of one roster."""

    id: UUID
    role: str
    state: str


def can_look_after(actor: Actor) -> bool:
    """See the list of people, invite them and set their roles. Never rosters or notes."""
    return actor.is_organiser


def can_give_role(giver_role: str, role: str) -> bool:
    """Invite somebody who joins as `role`: an organiser as any, everybody else as a member."""
    return role == Role.MEMBER or giver_role == Role.ORGANISER


def can_pass_on_links(actor: Actor, has_mail: bool) -> bool:
    """See a one-time link of somebody else's: an organiser, and only where no mail is set up."""
    return actor.is_organiser and not has_mail


def can_make_roster(actor: Actor, kind: str) -> bool:
    """Anybody starts a peer roster; individual and group ones need a supervisor."""
    return kind == Kind.PEER or actor.role in (Role.SUPERVISOR, Role.ORGANISER)


def can_import_rosters(actor: Actor) -> bool:
    """Make many rosters from a file and invite their people at once."""
    return can_make_roster(actor, Kind.GROUP)


def can_see_roster(place: Place | None) -> TypeGuard[Place]:
    """Those in it now, and those who once were, for their past sessions."""
    return place is not None


def can_take_part(place: Place | None) -> TypeGuard[Place]:
    """See the meeting link, who else is there, and the coming sessions."""
    return place is not None and place.state == MemberState.ACTIVE


def can_run_roster(place: Place | None, kind: str) -> bool:
    """Edit, invite, remove, book, move, cancel: who leads; in a peer roster every member."""
    return can_take_part(place) and (kind == Kind.PEER or place.role in LEADS)


def can_sign_up(place: Place | None) -> bool:
    """Take a seat in a session: members, but for those who lead, who are always there."""
    return can_take_part(place) and place.role not in LEADS


def can_see_answers(place: Place, *, asks: bool, told: bool) -> bool:
    """See what others say to a poll: who `asks`, who leads; others once it is to be `told` them."""
    return asks or told or place.role in LEADS


def can_see_session(place: Place | None, kind: str, *, for_all: bool, is_theirs: bool) -> bool:
    """See a session: it is or was theirs, or it is for everybody who is in, or they run the roster.

    For whoever may not, it does not exist: nothing about it is refused in another way.
    """
    if is_theirs:
        return can_see_roster(place)
    return can_take_part(place) if for_all else can_run_roster(place, kind)


def can_mark_attendance(place: Place | None, kind: str) -> bool:
    """Say who was there, and see it of everybody: who leads; in a peer roster every member.

    Also once the roster has ended. Others see what is said of themselves.
    """
    return can_run_roster(place, kind)


def can_see_times(place: Place | None, kind: str) -> TypeGuard[Place]:
    """See which times of the supervisor's are free: both people of an individual roster."""
    return can_take_part(place) and kind == Kind.INDIVIDUAL


def can_take_time(place: Place | None, kind: str) -> bool:
    """Book, move and cancel by the supervisor's terms: the supervisee of an individual roster."""
    return can_see_times(place, kind) and place.role == MemberRole.SUPERVISEE
