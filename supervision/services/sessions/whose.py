"""Whose sessions are: everybody's in a roster, or of some of them alone.

Claims are the record of it. Those who lead have a claim in each session of their roster.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.errors import N_, Invalid
from supervision.models.rosters import Kind
from supervision.models.sessions import Claim, Session
from supervision.services.claims import Claimant
from supervision.services.places import Held
from supervision.services.sessions.plan import members_of

Group = tuple[list[Claimant], list[UUID]]
_CLAIMED = select(Claim.session_id, Claim.person_id).where(
    Claim.session_id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True)
class Whose:
    """Members of a roster, and whom those of its sessions are for that are not for all of them."""

    members: Sequence[Claimant]
    some: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)

    def of(self, session_id: UUID) -> list[Claimant]:
        """Those members whose session it is."""
        people = self.some.get(session_id)
        return [one for one in self.members if people is None or one.person_id in people]

    def groups(self, session_ids: Iterable[UUID]) -> list[Group]:
        """Sessions of the same people together, with these people."""
        found: defaultdict[frozenset[UUID] | None, list[UUID]] = defaultdict(list)
        for key in session_ids:
            found[self.some.get(key)].append(key)
        return [(self.of(keys[0]), keys) for keys in found.values()]

    def by_reader(self, session_ids: Iterable[UUID]) -> list[Group]:
        """Each member once, with their own of these sessions; those who have the same together."""
        ids = list(session_ids)
        found: defaultdict[tuple[UUID, ...], list[Claimant]] = defaultdict(list)
        for one in self.members:
            own = (key for key in ids if one.person_id in self.some.get(key, {one.person_id}))
            found[tuple(own)].append(one)
        return [(people, list(keys)) for keys, people in found.items() if keys]


def whose(roster: Held, sessions: Iterable[Session]) -> Whose:
    """Whose these sessions of a held roster are; one statement more where some are not for all."""
    ids = [one.id for one in sessions if not one.for_all]
    claimed: dict[UUID, set[UUID]] = {key: set() for key in ids}
    if ids:
        for row in run(_CLAIMED, {"ids": ids}):
            claimed[row.session_id].add(row.person_id)
    some = {key: frozenset(people) for key, people in claimed.items()}
    return Whose(members_of(roster), some)


def people_of(roster: Held, people: frozenset[UUID] | None) -> list[Claimant]:
    """The members that sessions are for: those who lead, and who was chosen.

    Raises Invalid for nobody, for somebody who is not in the roster, and in individual rosters.
    """
    members = members_of(roster)
    if people is None:
        return members
    if roster.kind == Kind.INDIVIDUAL:
        raise Invalid("people", N_("Sessions of an individual roster are for both of you."))
    if not people:
        raise Invalid("people", N_("Choose at least one."))
    if not people <= {one.person_id for one in members}:
        raise Invalid("people", N_("Choose from the list."))
    return those_of(members, people)


def those_of(members: Iterable[Claimant], people: frozenset[UUID] | None) -> list[Claimant]:
    """Those who lead, who alone claim hard outside individual rosters, and who was chosen."""
    return [one for one in members if people is None or one.hard or one.person_id in people]
