"""Where the mails of this installation go, so that no page promises one that never comes."""

from enum import StrEnum

from supervision.services import people
from supervision.web.settings import has_mail


class MailsGo(StrEnum):
    """By a server to their readers; in the demo on the page /dev/mail; else into a folder, where
    whoever looks after the server finds them."""

    BY_SERVER = "server"
    ON_A_PAGE = "page"
    NOWHERE = "nowhere"


def mails_go() -> MailsGo:
    if has_mail():
        return MailsGo.BY_SERVER
    return MailsGo.ON_A_PAGE if people.is_demo() else MailsGo.NOWHERE
