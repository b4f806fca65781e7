"""Email addresses: one mailbox each (RFC 5321 section 4.1.2), in letters that our mails bear."""

from email.errors import MessageError
from email.headerregistry import Address

import email_validator

LONGEST = 254
# Nothing ever leaves for these; a hospital's own network does end in .local.
email_validator.SPECIAL_USE_DOMAIN_NAMES = [
    name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name != "local"
]


def is_one_address(text: str) -> bool:
    """Whether a text, in small letters, is one plain address: `dot-atom@host`, all of it ASCII.

    No list, group, comment, display name, quoted part or bracketed number, and nothing that a mail
    program would decode into something else. Nobody is asked whether the host exists.
    """
    if len(text) > LONGEST:
        return False
    try:
        found = email_validator.validate_email(
            text,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            globally_deliverable=False,
            check_deliverability=False,
            strict=True,
        )
        return found.ascii_email == text == Address(addr_spec=text).addr_spec
    except (email_validator.EmailNotValidError, MessageError, ValueError, IndexError):
        return False
