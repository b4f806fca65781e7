"""Whose sessions are: everybody's in a roster, of some of them alone, or of who signed up.

Claims are the record of it. Those who lead have a claim in each session of their roster.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.errors import N_, Invalid
from supervision.models.rosters import Kind
from supervision.models.sessions import Claim, Session
from supervision.services.claims import Claimant
from supervision.services.places import Held
from supervision.services.sessions.plan import members_of
from supervision.services.sessions.seats import waiting
from supervision.services.sessions.setting import Setting

Group = tuple[list[Claimant], list[UUID]]
_CLAIMED = select(Claim.session_id, Claim.person_id).where(
    Claim.session_id.in_(bindparam("ids", expanding=True))
)
NONE_YET: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Whose:
    """Members of a roster, and whom those of its sessions are for that are not for all of them.

    Where members sign up, sessions are everybody's and each has `only` those that are theirs;
    `waits` are by session those who wait for a seat.
    """

    members: Sequence[Claimant]
    some: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    waits: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)

    def of(self, session_id: UUID) -> list[Claimant]:
        """Those members whose session it is."""
        people = self.some.get(session_id)
        return [one for one in self.members if people is None or one.person_id in people]

    def told(self, session_id: UUID) -> list[Claimant]:
        """Who is told what becomes of it: those whose it is, and who waits for a seat."""
        wait = self.waits.get(session_id, NONE_YET)
        return [
            one for one in self.of(session_id) if one.comes_to(session_id) or one.person_id in wait
        ]

    def groups(self, session_ids: Iterable[UUID]) -> list[Group]:
        """Sessions of the same people together, with these people."""
        found: defaultdict[frozenset[UUID] | None, list[UUID]] = defaultdict(list)
        for key in session_ids:
            found[self.some.get(key)].append(key)
        return [(self.of(keys[0]), keys) for keys in found.values()]

    def by_reader(self, session_ids: Iterable[UUID]) -> list[Group]:
        """Each member once, with what they are told of these sessions; the same ones together."""
        told = [(key, {one.person_id for one in self.told(key)}) for key in session_ids]
        found: defaultdict[tuple[UUID, ...], list[Claimant]] = defaultdict(list)
        for one in self.members:
            own = (key for key, people in told if one.person_id in people)
            found[tuple(own)].append(one)
        return [(people, list(keys)) for keys, people in found.items() if keys]


def whose(roster: Held, sessions: Iterable[Session]) -> Whose:
    """Whose these sessions of a held roster are.

    One statement more where some are not for all, two where members sign up.
    """
    known = list(sessions)
    seated = [one.id for one in known if one.capacity is not None]
    some = [one.id for one in known if not one.for_all]
    members, claimed = members_of(roster), claimed_by([*seated, *some])
    if seated:
        others = frozenset(one.id for one in known) - frozenset(seated)
        members = [
            replace(one, only=others | {key for key in seated if one.person_id in claimed[key]})
            for one in members
        ]
    waits = waiting(seated) if seated else {}
    return Whose(members, {key: frozenset(claimed[key]) for key in some}, waits)


def claimed_by(session_ids: Collection[UUID]) -> defaultdict[UUID, set[UUID]]:
    """By session, whose each of these is; no statement where there are none."""
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    if session_ids:
        for row in run(_CLAIMED, {"ids": list(session_ids)}):
            found[row.session_id].add(row.person_id)
    return found


def wants_sign_up(roster: Held, setting: Setting) -> bool:
    """Whether new sessions are for who signs up: unless they are for some who were chosen."""
    return roster.session_capacity is not None and setting.people is None


def takers_of(roster: Held, people: Sequence[Claimant], setting: Setting) -> Sequence[Claimant]:
    """These people, for whom sessions are made; where members sign up only those who lead come."""
    if not wants_sign_up(roster, setting):
        return people
    return [one if one.hard else replace(one, only=NONE_YET) for one in people]


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
