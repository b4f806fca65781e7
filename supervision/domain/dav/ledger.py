"""What a calendar holds, and what changed since any state of it that a program may remember.

A state is named by a hash of all that it holds. Such a name cannot claim more than is true: after
a restore, or in another account, a program either knows the very same contents or begins anew.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_STATES = 200


@dataclass(frozen=True)
class Changes:
    """What a program has to fetch, with its entity tags, and what it has to forget."""

    changed: dict[str, str]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ledger:
    """By name: the entity tag of each resource, with the step in which it came to that; the step
    in which others went; the step of each of the last states, the present one at the end."""

    held: dict[str, tuple[str, int]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The name of the present state; empty before there is one."""
        return next(reversed(self.states), "")

    def after(self, etags: Mapping[str, str]) -> "Ledger":
        """The ledger once exactly these are held."""
        name = _name(etags)
        if name == self.state:
            return self
        step = self.states.get(self.state, 0) + 1
        held = {
            key: before if (before := self.held.get(key)) and before[0] == etag else (etag, step)
            for key, etag in etags.items()
        }
        states = {key: at for key, at in self.states.items() if key != name} | {name: step}
        states = dict(list(states.items())[-MOST_STATES:])
        gone = self.gone | dict.fromkeys(self.held, step)
        oldest = min(states.values())
        gone = {key: at for key, at in gone.items() if key not in held and at > oldest}
        return Ledger(held, gone, states)

    def since(self, state: str) -> Changes | None:
        """What changed since a state, the empty one for all; None for one that is not known."""
        if not state:
            return Changes({key: etag for key, (etag, _step) in self.held.items()})
        step = self.states.get(state)
        if step is None:
            return None
        changed = {key: etag for key, (etag, at) in self.held.items() if at > step}
        return Changes(changed, tuple(key for key, at in self.gone.items() if at > step))

    def text(self) -> str:
        """As it is stored."""
        return json.dumps([self.held, self.gone, self.states], separators=(",", ":"))

    @classmethod
    def stored(cls, text: str) -> "Ledger":
        held, gone, states = json.loads(text)
        return cls({key: (etag, at) for key, (etag, at) in held.items()}, gone, states)


def _name(etags: Mapping[str, str]) -> str:
    told = "\n".join(sorted(f"{key} {etag}" for key, etag in etags.items()))
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
