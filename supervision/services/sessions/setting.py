"""Where sessions are and whom they are for, where that is not as usual in their roster."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from supervision.errors import N_, Invalid

ADDRESS, LINK = 300, 500


@dataclass(frozen=True)
class OwnPlace:
    """A place instead of the roster's: an address, a meeting link, or both; "" for neither."""

    address: str = ""
    meeting_link: str = ""

    def checked(self) -> "OwnPlace":
        """This place, trimmed. Raises Invalid."""
        clean = OwnPlace(self.address.strip(), self.meeting_link.strip())
        if not clean.address and not clean.meeting_link:
            raise Invalid("address", N_("Give an address, a meeting link, or both."))
        for field, text, most in (
            ("address", clean.address, ADDRESS),
            ("meeting_link", clean.meeting_link, LINK),
        ):
            if len(text) > most:
                raise Invalid(field, N_("Keep this to %(most)s characters."), most=most)
        check_link(clean.meeting_link)
        return clean


@dataclass(frozen=True)
class Setting:
    """The place and the people of sessions.

    `place` None is the roster's; `people` None is everybody in it, also who joins later. Those
    who lead belong to it always, named or not.
    """

    place: OwnPlace | None = None
    people: frozenset[UUID] | None = None

    def checked(self) -> "Setting":
        """This setting with its place trimmed. Raises Invalid."""
        return Setting(self.place.checked() if self.place else None, self.people)

    def columns(self) -> dict[str, object]:
        """What a session or a series keeps of it in its own row."""
        return {
            "address": self.place.address if self.place else None,
            "meeting_link": self.place.meeting_link if self.place else None,
            "for_all": self.people is None,
        }


USUAL = Setting()


class Placed(Protocol):
    """A session's or a series' row."""

    address: str | None
    meeting_link: str | None


def own_place(row: Placed) -> OwnPlace | None:
    """The place of its own that a session or a series has, if any."""
    if row.address is None:
        return None
    return OwnPlace(row.address, row.meeting_link or "")


def check_link(link: str) -> None:
    """Raises Invalid for what is no whole https address; nothing is fine."""
    if link and not _is_secure(link):
        raise Invalid("meeting_link", N_("Give a whole link that begins with https://"))


def _is_secure(link: str) -> bool:
    try:
        url = urlsplit(link)
    except ValueError:  # a bracket that is not closed
        return False
    return url.scheme == "https" and bool(url.hostname)
