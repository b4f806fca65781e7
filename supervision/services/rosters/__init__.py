"""Rosters and their members: make, edit, end; invite, accept, decline, remove, leave."""

from supervision.services.rosters.making import (
    RosterForm,
    edit_roster,
    end_roster,
    faults,
    make_roster,
)
from supervision.services.rosters.members import (
    accept,
    decline,
    invite_member,
    leave,
    remove_member,
    roles_of,
)
from supervision.services.rosters.offers import has_lapsed_offers, lapse_offers
from supervision.services.rosters.reading import (
    MemberRow,
    RosterPage,
    RosterRow,
    members_of,
    roster_page,
    rosters_of,
    who_invited,
)

__all__ = [
    "MemberRow",
    "RosterForm",
    "RosterPage",
    "RosterRow",
    "accept",
    "decline",
    "edit_roster",
    "end_roster",
    "faults",
    "has_lapsed_offers",
    "invite_member",
    "lapse_offers",
    "leave",
    "make_roster",
    "members_of",
    "remove_member",
    "roles_of",
    "roster_page",
    "rosters_of",
    "who_invited",
]
