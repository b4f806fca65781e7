"""Rosters from a table: what would be made, then all of it in one transaction."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain.importing.rosters import Draft, House, Problem, drafts_of, rosters_in
from supervision.domain.importing.tables import Row, Table
from supervision.errors import N_, Conflict, Invalid, NotAllowed
from supervision.models.rosters import (
    Kind,
    MemberRole,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.permissions import Actor, can_import_rosters
from supervision.services import people, rosters
from supervision.services.audit import Act, record
from supervision.services.rosters import RosterForm

MOST_ROSTERS = 500
MOST_PEOPLE = 500
# Those who lead take no seat.
SEATED = ("", MemberRole.SUPERVISEE, MemberRole.PEER)

_TITLES = (
    select(Roster.title)
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        Membership.person_id == bindparam("actor_id"),
        Membership.state == MemberState.ACTIVE,
        Roster.state == RosterState.ACTIVE,
    )
)


@dataclass(frozen=True)
class Planned:
    """A roster that a file describes. `exists`: its maker is in one of this title already.

    `number` is that of its first row, which names it.
    """

    draft: Draft
    exists: bool

    @property
    def number(self) -> int:
        return self.draft.rows[0]

    @property
    def is_good(self) -> bool:
        return not self.draft.problems

    @property
    def waits(self) -> int:
        """How many more are invited than there are places; who accepts last waits."""
        draft = self.draft
        seats = draft.capacity - (draft.kind == Kind.PEER)
        return max(sum(one.role in SEATED for one in draft.people) - seats, 0)


@dataclass(frozen=True)
class Plan:
    """What would come of a file, in its order."""

    rosters: tuple[Planned, ...]

    @property
    def new(self) -> list[Planned]:
        """What is made unless somebody says otherwise."""
        return [one for one in self.rosters if one.is_good and not one.exists]

    @property
    def present(self) -> list[Planned]:
        """What is made if somebody says so."""
        return [one for one in self.rosters if one.is_good and one.exists]

    @property
    def bad(self) -> list[Planned]:
        return [one for one in self.rosters if not one.is_good]

    @property
    def people(self) -> int:
        """How many invitations go out with what is new."""
        return sum(len(one.draft.people) for one in self.new)


@dataclass(frozen=True)
class Made:
    """How many rosters were made, and how many invitations went out."""

    rosters: int
    people: int


def check_may_import(actor: Actor) -> None:
    """Raises NotAllowed for who makes no rosters of every kind."""
    if not can_import_rosters(actor):
        raise NotAllowed(N_("Individual and group rosters are started by supervisors."))


def plan_rosters(actor: Actor, table: Table) -> Plan:
    """What a table would make, and what is wrong with it; nothing is written.

    It does not look who has an account: nobody learns that from a list of addresses. Raises
    NotAllowed, and Invalid for more than can be made at once.
    """
    check_may_import(actor)
    if len(rosters_in(table)) > MOST_ROSTERS:
        raise Invalid("file", N_("A file can have %(most)s rosters at most."), most=MOST_ROSTERS)
    drafts = drafts_of(table, House(actor.zone, people.ZONES, actor.email))
    if sum(len(draft.people) for draft in drafts) > MOST_PEOPLE:
        raise Invalid("file", N_("A file can invite %(most)s people at most."), most=MOST_PEOPLE)
    titles = {_plain(row.title) for row in run(_TITLES, {"actor_id": actor.id})}
    return Plan(tuple(Planned(_checked(draft), _plain(draft.title) in titles) for draft in drafts))


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())


def _checked(draft: Draft) -> Draft:
    """The draft with everything that a roster of its kind cannot have."""
    found = (*draft.problems, *_faults_of_roster(draft), *_faults_of_people(draft))
    problems = sorted(found, key=lambda one: one.row)
    return replace(draft, problems=tuple(problems))


def _faults_of_roster(draft: Draft) -> Iterator[Problem]:
    for fault in rosters.faults(_form(draft)):
        column = fault.field or "title"
        if column == "kind":
            continue  # a draft without one says so already
        yield Problem(draft.row_of(column), column, fault.msgid, fault.params)


def _faults_of_people(draft: Draft) -> Iterator[Problem]:
    for one in draft.people:
        try:
            people.checked_email(one.email)
        except Invalid:
            msgid = N_("“%(email)s” is no whole email address, such as ana@example.org.")
            yield Problem(one.row, "members", msgid, {"email": one.email[:254]})
        roles = rosters.roles_of(draft.kind) if draft.kind else ()
        if one.role and roles and one.role not in roles:
            msgid = N_("In this kind of roster one is: %(roles)s.")
            yield Problem(one.row, "role", msgid, {"roles": ", ".join(roles)})


def _form(draft: Draft) -> RosterForm:
    return RosterForm(
        title=draft.title,
        kind=draft.kind,
        zone=draft.zone,
        capacity=draft.capacity,
        minutes=draft.minutes,
        address=draft.address,
        meeting_link=draft.meeting_link,
    )


def make_rosters(
    actor: Actor, at: datetime, table: Table, also: Collection[int], base_url: str
) -> Made:
    """Make every roster of a table that has no fault, and invite its people.

    Those whose title exists are made only where `also` has their number. Everything is checked
    anew. Raises NotAllowed, Invalid, and Conflict when nothing is left to make or more are invited
    than somebody may invite a day; whatever is raised leaves nothing behind once the transaction is
    rolled back.
    """
    plan = plan_rosters(actor, table)
    chosen = plan.new + [one for one in plan.present if one.number in also]
    if not chosen:
        raise Conflict(N_("There is no roster to make."))
    invited = sum(len(one.draft.people) for one in chosen)
    people.check_may_invite(actor, at, invited)
    for one in chosen:
        _make(actor, at, one.draft, base_url)
    record(Act.IMPORT_ROSTERS, at, actor.id, None, rosters=len(chosen), people=invited)
    return Made(len(chosen), invited)


def _make(actor: Actor, at: datetime, draft: Draft, base_url: str) -> None:
    roster_id = rosters.make_roster(actor, at, _form(draft))
    usual, *_others = rosters.roles_of(draft.kind)
    for one in draft.people:
        rosters.invite_member(actor, at, roster_id, one.email, one.role or usual, base_url)


def to_correct(table: Table, plan: Plan, say: Callable[[Problem], str]) -> Sequence[Row]:
    """The rows of the rosters that have faults, with a column `problem` that says which."""
    wrong: dict[int, list[str]] = {}
    for one in plan.bad:
        for number in one.draft.rows:
            wrong.setdefault(number, [])
        for problem in one.draft.problems:
            wrong[problem.row].append(f"{problem.column}: {say(problem)}")
    return [
        Row(row.number, {**row.cells, "problem": " ".join(wrong[row.number])})
        for row in table.rows
        if row.number in wrong
    ]
