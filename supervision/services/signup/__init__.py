"""Sessions that members sign up for: seats, the line of who waits, offers, signing off."""

from supervision.services.signup.leaving import give_up_seats
from supervision.services.signup.line import has_lapsed_offers, lapse_offers
from supervision.services.signup.own import accept_offer, join_line, leave_line, sign_off, sign_up
from supervision.services.signup.parts import Signed
from supervision.services.signup.reading import Card, Leaver, Waiter, seats_of
from supervision.services.signup.running import MOST_SEATS, set_seats
from supervision.services.signup.turning import Turn, turn_of, turn_off, turn_on

__all__ = [
    "MOST_SEATS",
    "Card",
    "Leaver",
    "Signed",
    "Turn",
    "Waiter",
    "accept_offer",
    "give_up_seats",
    "has_lapsed_offers",
    "join_line",
    "lapse_offers",
    "leave_line",
    "seats_of",
    "set_seats",
    "sign_off",
    "sign_up",
    "turn_of",
    "turn_off",
    "turn_on",
]
