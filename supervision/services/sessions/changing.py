"""Change where sessions are and whom they are for; their times stay."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.errors import N_, Invalid
from supervision.models.sessions import Session
from supervision.permissions import Actor
from supervision.services import claims, outside
from supervision.services.audit import Act, record
from supervision.services.claims import Claimant, Clash
from supervision.services.places import Held
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import changeable_session, own_warnings
from supervision.services.sessions.plan import checked_message, touch
from supervision.services.sessions.setting import Setting, own_place
from supervision.services.sessions.whose import Whose, people_of, whose


@dataclass(frozen=True)
class Changed:
    """How many sessions were changed, in which zone they are, and what overlaps them now."""

    count: int
    zone: str
    warnings: tuple[Clash, ...] = ()


@dataclass(frozen=True)
class Event:
    """By which name and number a change is known in mails, and the words that go with it."""

    name: str
    sequence: int
    message: str


@dataclass
class _News:
    """What is to be told, by verb, of which sessions, to whom."""

    of: dict[str, dict[UUID, list[UUID]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, verb: str, people: Sequence[Claimant], session_ids: Sequence[UUID]) -> None:
        for one in people:
            self.of[verb][one.person_id] += session_ids

    def together(self) -> Iterator[tuple[str, set[UUID], list[UUID]]]:
        """Verb, people and sessions: those people together who are told of the same ones."""
        for verb, by_person in self.of.items():
            same: dict[tuple[UUID, ...], set[UUID]] = defaultdict(set)
            for person_id, ids in by_person.items():
                same[tuple(ids)].add(person_id)
            for key, people in same.items():
                yield verb, people, list(key)


def change_session(
    actor: Actor,
    at: datetime,
    session_id: UUID,
    setting: Setting,
    message: str = "",
    base_url: str = "",
) -> Changed:
    """Give one session another place or other people. Raises as `cancel_session`.

    Who is added may be busy then: it warns, since none of them leads. Done twice changes nothing.
    """
    setting, message = setting.checked(), checked_message(message)
    roster, session = changeable_session(actor, at, session_id)
    event = Event(f"session:{session_id}", session.sequence + 1, message)
    done = put_on(actor, at, roster, [session], setting, event, base_url)
    if done.count:
        record(Act.SESSION_CHANGE, at, actor.id, session_id, roster=roster.id)
    return done


def put_on(
    actor: Actor,
    at: datetime,
    roster: Held,
    sessions: Sequence[Session],
    setting: Setting,
    event: Event,
    base_url: str,
) -> Changed:
    """Give sessions of a held roster, in order of time, a setting; tell whom it concerns."""
    if roster.session_capacity is not None:
        _check_same_kind(sessions, setting)
    people, owners = people_of(roster, setting.people), whose(roster, sessions)
    claims.serialise(one.person_id for one in owners.members)
    changed = [one for one in sessions if _differs(one, owners, people, setting)]
    moved = {one.id for one in changed if own_place(one) != setting.place}
    for one in changed:
        for name, value in setting.columns().items():
            setattr(one, name, value)
        one.message = event.message
        touch(one, at)
    db.session.flush()
    spans = {one.id: Interval(one.starts_at, one.ends_at) for one in changed}
    news, warnings = _News(), list[Clash]()
    for before, ids in owners.groups(spans):
        warnings += _regroup(actor, before, people, {key: spans[key] for key in ids}, at, news)
        for key in moved.intersection(ids):
            news.add("changed", [one for one in owners.told(key) if one in people], [key])
    _tell(actor, at, roster, owners, spans, setting, event, news, warnings, base_url)
    return Changed(len(changed), roster.zone, tuple(warnings))


def _check_same_kind(sessions: Sequence[Session], setting: Setting) -> None:
    """Where members sign up, a session is for who does, or for some, as it was booked."""
    if any(one.for_all != (setting.people is None) for one in sessions):
        raise Invalid(
            "people",
            N_(
                "Members sign up here: a session is for all of them, or for some, as it was booked."
            ),
        )


def _differs(one: Session, owners: Whose, people: list[Claimant], setting: Setting) -> bool:
    return (
        own_place(one) != setting.place
        or one.for_all != (setting.people is None)
        or owners.of(one.id) != people
    )


def _regroup(
    actor: Actor,
    before: list[Claimant],
    after: list[Claimant],
    spans: dict[UUID, Interval],
    at: datetime,
    news: _News,
) -> list[Clash]:
    """Take sessions of the same people from some of them, give them to others; who is busy then."""
    gone = [one for one in before if one not in after]
    added = [one for one in after if one not in before]
    for one in gone:
        claims.forget(spans, one.person_id)
    found = claims.clashes(added, spans.values(), at, spans)
    claims.claim(spans.items(), added, softened=found)
    news.add("taken_off", gone, list(spans))
    news.add("added", added, list(spans))
    return outside.with_outside(actor, added, list(spans.values()), found)


def _tell(
    actor: Actor,
    at: datetime,
    roster: Held,
    owners: Whose,
    spans: dict[UUID, Interval],
    setting: Setting,
    event: Event,
    news: _News,
    warnings: Sequence[Clash],
    base_url: str,
) -> None:
    busy = own_warnings(warnings)
    for verb, people, ids in news.together():
        if not ids:
            continue
        path = f"/rosters/{roster.id}" if verb == "taken_off" else f"/sessions/{ids[0]}"
        notice = Notice(
            f"{event.name}:{verb}",
            event.sequence,
            verb,
            sorted(spans[key] for key in ids),
            path,
            event.message,
            warnings=busy,
            place=setting.place,
        )
        readers = [one for one in owners.members if one.person_id in people]
        notify(actor, at, roster, readers, notice, base_url)
