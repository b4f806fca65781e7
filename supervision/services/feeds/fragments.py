"""A feed as it was built: its bytes, and what each of its events was made from.

The snapshot that is published holds the events for the next one: whatever has the same key is
taken over, whatever has not is made anew. Nothing is made when a session is booked, and there is
no second copy that could be stale or another reader's.
"""

import hashlib
from dataclasses import dataclass

# To be raised when a change of the code alters what is written for the same session.
MAKER = 1
_BEGIN, _END = b"BEGIN:VEVENT\r\n", b"\r\nEND:VEVENT\r\n"


@dataclass(frozen=True)
class Built:
    """The bytes of a feed with the keys of its events, in their order."""

    body: bytes = b""
    keys: tuple[str, ...] = ()

    @classmethod
    def stored(cls, body: bytes, keys: str) -> "Built":
        """As a snapshot has it."""
        return cls(body, tuple(keys.split("\n")) if keys else ())

    @property
    def keys_text(self) -> str:
        """The keys as a snapshot stores them."""
        return "\n".join(self.keys)

    def events(self) -> dict[str, bytes]:
        """The events by key; none where keys and events are not as many."""
        start = self.body.find(_BEGIN)
        events = self.body[max(start, 0) :].split(_END)[:-1]
        if start < 0 or len(events) != len(self.keys):
            return {}
        return {key: event + _END for key, event in zip(self.keys, events, strict=True)}


NOTHING = Built()


def digest(*told: object) -> str:
    """Sixteen hex digits of what events of one kind share: they change with any of it."""
    return hashlib.blake2b(repr((MAKER, *told)).encode(), digest_size=8).hexdigest()
