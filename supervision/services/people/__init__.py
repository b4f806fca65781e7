"""People: how they come in, sign in, and say who they are.

Passphrases are stretched outside of any transaction (`services.sign_ins`); these functions only
read and write rows.
"""

from supervision.services.people.accounts import (
    SIGN_IN_LASTS,
    ZONES,
    Doorkeeper,
    Profile,
    actor_for,
    actor_of,
    credential_for,
    credential_of,
    edit_profile,
    end_sign_ins,
    normal_email,
    set_credential,
    sign_in,
    sign_out,
    sign_out_everywhere,
)
from supervision.services.people.joining import (
    FIRST_ORGANISER,
    add_person,
    ask_reset,
    checked_email,
    ensure_person,
    first_organiser_link,
    invitation_for,
    invite_person,
    is_empty,
    join,
    reset,
)
from supervision.services.people.links import (
    OpenLink,
    open_link,
    token_hash,
    use_link,
    withdraw_roster_link,
)
from supervision.services.people.organising import (
    PersonRow,
    is_demo,
    people,
    revoke_invitation,
    set_role,
)

__all__ = [
    "FIRST_ORGANISER",
    "SIGN_IN_LASTS",
    "ZONES",
    "Doorkeeper",
    "OpenLink",
    "PersonRow",
    "Profile",
    "actor_for",
    "actor_of",
    "add_person",
    "ask_reset",
    "checked_email",
    "credential_for",
    "credential_of",
    "edit_profile",
    "end_sign_ins",
    "ensure_person",
    "first_organiser_link",
    "invitation_for",
    "invite_person",
    "is_demo",
    "is_empty",
    "join",
    "normal_email",
    "open_link",
    "people",
    "reset",
    "revoke_invitation",
    "set_credential",
    "set_role",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "token_hash",
    "use_link",
    "withdraw_roster_link",
]
