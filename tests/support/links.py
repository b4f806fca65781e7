"""One-time links as they are in the mail that brings them, or on the page of an organiser."""

import re
from datetime import datetime
from uuid import UUID

from flask import current_app

from supervision.config import Settings
from supervision.domain.links import link_token
from supervision.models.people import LinkPurpose
from supervision.services import people
from supervision.services.people import OpenLink
from tests.support.mails import mails_to

PLACES = {
    LinkPurpose.INVITATION: "invitation",
    LinkPurpose.RESET: "reset",
    LinkPurpose.RETURN: "come-back",
}


def secret_key() -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.secret_key


def token(link_id: UUID, purpose: LinkPurpose = LinkPurpose.INVITATION) -> str:
    return link_token(secret_key(), purpose, link_id)


def opened(token: str, at: datetime, purpose: LinkPurpose = LinkPurpose.INVITATION) -> OpenLink:
    return people.open_link(secret_key(), purpose, token, at)


def mailed(email: str, purpose: LinkPurpose = LinkPurpose.INVITATION) -> list[str]:
    """The tokens in the mails to somebody, oldest first."""
    pattern = rf"/{PLACES[purpose]}/([\w-]+)"
    return [found for one in mails_to(email) for found in re.findall(pattern, one.body)]
