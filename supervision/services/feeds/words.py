"""The few words that stand in a feed, in its reader's language."""

from dataclasses import dataclass

from flask_babel import force_locale
from flask_babel import gettext as _

from supervision.models.rosters import Kind


@dataclass(frozen=True)
class Words:
    """One language's words. `cancelled`, `open` and the `…_line` ones hold a %(text)s place."""

    calendar: str
    busy: str
    kinds: dict[str, str]
    cancelled: str
    open: str
    place_line: str
    link_line: str
    page_line: str
    people_line: str
    nothing: str
    off: str


def words_in(language: str) -> Words:
    """The words of a language (an IETF tag); English ones where there is no translation."""
    with force_locale(language):
        return Words(
            calendar=_("Supervision"),
            busy=_("Busy"),
            kinds={
                Kind.INDIVIDUAL: _("Individual supervision"),
                Kind.PEER: _("Peer supervision"),
                Kind.GROUP: _("Group supervision"),
            },
            cancelled=_("Cancelled: %(text)s", text="%(text)s"),
            open=_("Open: %(text)s", text="%(text)s"),
            place_line=_("Place: %(text)s", text="%(text)s"),
            link_line=_("Join: %(text)s", text="%(text)s"),
            page_line=_("More: %(text)s", text="%(text)s"),
            people_line=_("With: %(text)s", text="%(text)s"),
            nothing=_("No sessions scheduled"),
            off=_("This calendar link was turned off"),
        )
