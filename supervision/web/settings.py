"""The running application's settings, and the address under which people reach it."""

from flask import current_app, request

from supervision.config import LOOPBACK, Settings


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def pepper() -> bytes:
    """The server's secret, which is not in the database."""
    return settings().pepper.encode()


def base_url() -> str:
    """The public address without a slash at its end.

    On loopback the request's own host is used, so that links work on whatever port is served.
    """
    if settings().host in LOOPBACK and request.host.partition(":")[0] in LOOPBACK:
        return request.host_url.rstrip("/")
    return settings().base_url.rstrip("/")


def has_mail() -> bool:
    """Whether mails leave by a server, rather than into a folder of the operator's."""
    return settings().smtp_url is not None
